#!/bin/bash
# Makes this etcd member's data anew from the snapshot, as part of a new cluster. What was there
# stays beside it as member.before-restore. May be repeated: done once for each token.
set -euo pipefail
umask 077

folder=/var/lib/quorum/restore
# shellcheck source=/dev/null
. /etc/quorum/etcd/member.env
# A call that lost its caller may still be at work.
exec 9>"$folder/lock"
flock 9

note() {
  echo "$TOKEN $SHA256 $1" >"$folder/current.new"
  sync "$folder/current.new"
  mv "$folder/current.new" "$folder/current"
}

case $(cat "$folder/current" 2>/dev/null) in
  "$TOKEN $SHA256 restored" | "$TOKEN $SHA256 done") exit 0 ;;
esac
note restoring

# A revision far above any that a client has seen, and everything before it compacted: caches and
# watches from before the restore then start over instead of believing what they remember.
rm -rf "$DATA_DIR/restore"
etcdutl snapshot restore "$folder/snapshot.db" --data-dir "$DATA_DIR/restore" \
  --name "$NAME" --initial-cluster "${MEMBERS// /,}" --initial-cluster-token "$TOKEN" \
  --initial-advertise-peer-urls "$PEER_URL" \
  --bump-revision "$BUMP" --mark-compacted >"$folder/log" 2>&1 ||
  { echo "etcdutl could not restore: $(tail -n 1 "$folder/log")" >&2; exit 1; }

if [ -e "$DATA_DIR/member" ]; then
  rm -rf "$DATA_DIR/member.before-restore"
  mv "$DATA_DIR/member" "$DATA_DIR/member.before-restore"
fi
rm -f "$DATA_DIR/member-id"
mv "$DATA_DIR/restore/member" "$DATA_DIR/member"
rmdir "$DATA_DIR/restore" 2>/dev/null || rm -rf "$DATA_DIR/restore"
chown -R etcd:etcd "$DATA_DIR/member"
sync -f "$DATA_DIR"
note restored
