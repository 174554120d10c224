#!/bin/bash
# Runs beside etcd after each start until all is well: promotes this member if it is a learner, and
# once all members are healthy notes, in etcd and on this machine, that the cluster was formed.
set -euo pipefail
umask 022

# shellcheck source=/dev/null
. "${QUORUM_ETCD_ENV:-/etc/quorum/etcd/member.env}"
# shellcheck source=templates/etcd/members.sh
. "$(dirname "$0")/members.sh"

while :; do
  list=$(member_list 2>/dev/null) || list=
  mine=$(entry_of_me "$list")
  case "$(field 2 "$mine")/$(field 6 "$mine")" in
    started/true)
      # Refused until the learner has caught up.
      if ask "$OTHER_CLIENT_URLS" member promote "$(field 1 "$mine")" >/dev/null 2>&1; then
        echo "promoted to a voting member"
      fi
      ;;
    started/false)
      if [ -e "$RUN_DIR/learner" ]; then
        # A learner refuses what clients ask, so it has listened on loopback only.
        systemctl restart --no-block etcd.service
        exit 0
      fi
      if ! grep -q unstarted <<<"$list" && ask "$ALL_CLIENT_URLS" endpoint health >/dev/null 2>&1; then break; fi
      ;;
  esac
  sleep 1
done

ask "$ALL_CLIENT_URLS" put quorum/etcd/initialized "$CLUSTER" >/dev/null
install -d -m 0755 "$STATE_DIR"
findmnt -n -o TARGET -T "$DATA_DIR" >"$STATE_DIR/mount-point"
field 1 "$mine" >"$DATA_DIR/member-id"
store=${QUORUM_MARKER_STORE:-/usr/local/lib/quorum/etcd/marker-store}
# First, so that a failure here means another attempt.
[ ! -x "$store" ] || "$store" put
echo initialized >"$STATE_DIR/initialized.new"
mv "$STATE_DIR/initialized.new" "$STATE_DIR/initialized"
# The copy that a rejoined member moved aside has served its purpose.
rm -rf "$DATA_DIR/member.aside"
echo "all members are healthy"
