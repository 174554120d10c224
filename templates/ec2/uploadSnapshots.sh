#!/bin/bash
# Copies to S3 what is not there yet, oldest first; nothing there is ever overwritten or deleted here.
set -euo pipefail
. /etc/quorum/boot.env
. /etc/quorum/etcd/snapshot.env
shopt -s nullglob
for snapshot in "$SNAPSHOT_DIR"/etcd-*.db; do
  mark=$SNAPSHOT_DIR/.uploaded-${snapshot##*/}
  [ ! -e "$mark" ] || continue
  quorum-cloud upload "$SNAPSHOT_BUCKET" "snapshots/${snapshot##*/}" "$snapshot"
  touch "$mark"
  echo "uploaded ${snapshot##*/}"
done
for mark in "$SNAPSHOT_DIR"/.uploaded-*; do
  [ -e "$SNAPSHOT_DIR/${mark##*/.uploaded-}" ] || rm -f "$mark"
done
