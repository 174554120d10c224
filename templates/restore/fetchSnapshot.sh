#!/bin/bash
# Takes the snapshot from S3, unless it is here already.
set -euo pipefail
umask 077

folder=/var/lib/quorum/restore
install -d -m 0700 "$folder"
# A call that lost its caller may still be at work.
exec 9>"$folder/lock"
flock 9
if [ -e "$folder/snapshot.db" ] &&
  [ "$(sha256sum <"$folder/snapshot.db" | cut -d ' ' -f 1)" = "$SHA256" ]; then exit 0; fi
quorum-cloud fetch "$BUCKET" "$KEY" "$SHA256" "$folder/snapshot.db"
sync "$folder/snapshot.db"
