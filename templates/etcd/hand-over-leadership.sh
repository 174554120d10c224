#!/bin/bash
# Moves the leadership to another member when this one holds it.
set -euo pipefail

# shellcheck source=/dev/null
. "${QUORUM_ETCD_ENV:-/etc/quorum/etcd/member.env}"
# shellcheck source=templates/etcd/members.sh
. "$(dirname "$0")/members.sh"

status=$(etcdctl_others --endpoints="$CLIENT_URL" endpoint status -w fields)
value() { sed -n "s/^\"$1\" : //p" <<<"$status"; }
if [ "$(value MemberID)" != "$(value Leader)" ]; then exit 0; fi

me=$(printf '%x' "$(value MemberID)")
while read -r line; do
  id=$(field 1 "$line")
  if [ "$id" != "$me" ] && [ "$(field 2 "$line")/$(field 6 "$line")" = started/false ]; then
    etcdctl_others --endpoints="$CLIENT_URL" move-leader "$id" >/dev/null && exit 0
  fi
done <<<"$(member_list)"
echo "etcd: no other member took the leadership" >&2
exit 1
