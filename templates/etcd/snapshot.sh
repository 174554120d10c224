#!/bin/bash
# Saves a snapshot of etcd on this machine, which is not an etcd machine, verifies it, and drops
# the oldest beyond the number to keep. Names sort by time: etcd-20260101T120000Z-rev12345.db
set -euo pipefail
umask 077

set -a
# shellcheck source=/dev/null
. "${QUORUM_ETCD_CLIENT_ENV:-/etc/quorum/etcd/client.env}"
set +a
# shellcheck source=/dev/null
. "${QUORUM_SNAPSHOT_ENV:-/etc/quorum/etcd/snapshot.env}"

# etcdctl refuses an endpoint that is given both by flag and by environment.
urls=${ETCDCTL_ENDPOINTS//,/ }
unset ETCDCTL_ENDPOINTS
install -d -m 0700 "$SNAPSHOT_DIR"
work=$SNAPSHOT_DIR/.part
rm -f "$work" "$work.part"

save() {
  local url
  # In turn, because a snapshot comes from one member; a health check is a read by quorum, so a
  # member that is cut off cannot hand out an old state.
  for url in $urls; do
    timeout 10 etcdctl --endpoints="$url" --command-timeout=5s endpoint health >/dev/null 2>&1 || continue
    if timeout 300 etcdctl --endpoints="$url" --command-timeout=300s snapshot save "$work" >/dev/null 2>&1; then
      return 0
    fi
  done
  echo "no etcd member gave a snapshot" >&2
  return 1
}

save
status=$(etcdutl snapshot status "$work" -w fields)
revision=$(sed -n 's/^"Revision" : //p' <<<"$status")
if [ -z "$revision" ] || [ "$revision" = 0 ]; then
  echo "the snapshot is not readable" >&2
  exit 1
fi
file=$SNAPSHOT_DIR/etcd-$(date -u +%Y%m%dT%H%M%SZ)-rev$revision.db
sync "$work"
mv "$work" "$file"
echo "saved $file"

find "$SNAPSHOT_DIR" -maxdepth 1 -name 'etcd-*.db' | sort -r | tail -n +$((KEEP + 1)) |
  while read -r old; do rm -f "$old"; done
