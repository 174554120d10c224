#!/bin/bash
# Runs beside etcd after each start until all is well: promotes this member if it is a learner, and
# once all members are healthy notes, in etcd and on this machine, that the cluster was formed.
set -euo pipefail
umask 022

# shellcheck source=/dev/null
. "${QUORUM_ETCD_ENV:-/etc/quorum/etcd/member.env}"
# shellcheck source=templates/etcd/members.sh
. "$(dirname "$0")/members.sh"
set -a
# shellcheck source=/dev/null
. "${QUORUM_ETCD_CLIENT_ENV:-/etc/quorum/etcd/client.env}"
set +a

while :; do
  if list=$(member_list 2>/dev/null); then
    mine=$(entry_of_me "$list")
    if [ "$(field 2 "$mine")/$(field 6 "$mine")" = started/true ]; then
      # Refused until the learner has caught up.
      if etcdctl_others member promote "$(field 1 "$mine")" >/dev/null 2>&1; then
        echo "promoted to a voting member"
      fi
    elif ! grep -q unstarted <<<"$list" && etcdctl endpoint health >/dev/null 2>&1; then
      break
    fi
  fi
  sleep 1
done

etcdctl put quorum/etcd/initialized "$CLUSTER" >/dev/null
install -d -m 0755 "$STATE_DIR"
findmnt -n -o TARGET -T "$DATA_DIR" >"$STATE_DIR/mount-point"
echo initialized >"$STATE_DIR/initialized.new"
mv "$STATE_DIR/initialized.new" "$STATE_DIR/initialized"
# The copy that a rejoined member moved aside has served its purpose.
rm -rf "$DATA_DIR/member.aside"
echo "all members are healthy"
