#!/bin/bash
# Step "etcd-snapshots": the timer runs and at least one snapshot is here.
set -euo pipefail

systemctl daemon-reload
systemctl enable --quiet etcd-snapshot.timer
systemctl restart etcd-snapshot.timer
# shellcheck source=/dev/null
. /etc/quorum/etcd/snapshot.env
if ! compgen -G "$SNAPSHOT_DIR/etcd-*.db" >/dev/null; then systemctl start --no-block etcd-snapshot.service; fi
