#!/bin/bash
# Defragments etcd and lifts the alarm NOSPACE when there is room again. Only the leader's machine
# acts, so members are never defragmented two at a time; the leader comes last, after it has handed
# over. (A lock in etcd would not do: an etcd without space grants no lease.)
set -euo pipefail

# shellcheck source=/dev/null
. "${QUORUM_ETCD_ENV:-/etc/quorum/etcd/member.env}"
library=$(dirname "$0")
# shellcheck source=templates/etcd/members.sh
. "$library/members.sh"

status=
read_status() { status=$(ask "$1" endpoint status -w fields); }
value() { sed -n "s/^\"$1\" : //p" <<<"$status"; }

no_space() { ask "$ALL_CLIENT_URLS" alarm list 2>/dev/null | grep -q NOSPACE; }

# Not worth the pause unless a tenth of the quota would come back.
is_worth_it() {
  read_status "$1"
  [ $(($(value DBSize) - $(value DBSizeInUse))) -gt $((QUOTA_BYTES / 10)) ]
}

defragment() {
  no_space || is_worth_it "$1" || return 0
  # One member at a time, and only while the others carry the cluster.
  no_space || "$library/wait-healthy.sh" 60
  timeout 300 etcdctl --endpoints="$1" --command-timeout=300s defrag >/dev/null
  echo "defragmented $1"
}

# A corrupt member is a human's business, and `alarm disarm` lifts every alarm there is.
if ask "$ALL_CLIENT_URLS" alarm list 2>/dev/null | grep -q CORRUPT; then
  echo "etcd has the alarm CORRUPT: nothing is done" >&2
  exit 1
fi
read_status "$CLIENT_URL" || exit 0
if [ "$(value MemberID)" != "$(value Leader)" ]; then exit 0; fi

if no_space; then
  echo "etcd has no space left: compacting at revision $(value Revision)"
  ask "$CLIENT_URL" compact "$(value Revision)" >/dev/null 2>&1 || true
fi

for url in ${OTHER_CLIENT_URLS//,/ }; do defragment "$url"; done
if no_space || is_worth_it "$CLIENT_URL"; then
  "$library/hand-over-leadership.sh" || true
  defragment "$CLIENT_URL"
fi

if no_space; then
  for url in $CLIENT_URL ${OTHER_CLIENT_URLS//,/ }; do
    read_status "$url"
    if [ "$(value DBSize)" -gt $((QUOTA_BYTES * 9 / 10)) ]; then
      echo "etcd still needs $(value DBSizeInUse) of $QUOTA_BYTES bytes: the quota must grow or objects must go" >&2
      exit 1
    fi
  done
  ask "$ALL_CLIENT_URLS" alarm disarm >/dev/null
  echo "there is space again: alarm lifted"
fi
