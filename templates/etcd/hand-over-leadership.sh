#!/bin/bash
# Moves the leadership to another member when this one holds it.
set -euo pipefail

# shellcheck source=/dev/null
. "${QUORUM_ETCD_ENV:-/etc/quorum/etcd/member.env}"
# shellcheck source=templates/etcd/members.sh
. "$(dirname "$0")/members.sh"

status=$(ask "$CLIENT_URL" endpoint status -w fields)
value() { sed -n "s/^\"$1\" : //p" <<<"$status"; }
if [ "$(value MemberID)" != "$(value Leader)" ]; then exit 0; fi

list=$(member_list)
me=$(field 1 "$(entry_of_me "$list")")
while read -r line; do
  id=$(field 1 "$line")
  if [ "$id" != "$me" ] && [ "$(field 2 "$line")/$(field 6 "$line")" = started/false ]; then
    ask "$CLIENT_URL" move-leader "$id" >/dev/null && exit 0
  fi
done <<<"$list"
echo "etcd: no other member took the leadership" >&2
exit 1
