#!/bin/bash
# Waits until all etcd members are healthy: wait-healthy.sh SECONDS [--others|--own]
# With --others, this machine's own member is left out; with --own, all others are.
set -euo pipefail

set -a
# shellcheck source=/dev/null
. "${QUORUM_ETCD_CLIENT_ENV:-/etc/quorum/etcd/client.env}"
set +a
if [ -n "${2:-}" ]; then
  # shellcheck source=/dev/null
  . "${QUORUM_ETCD_ENV:-/etc/quorum/etcd/member.env}"
  case $2 in
    --others) export ETCDCTL_ENDPOINTS=$OTHER_CLIENT_URLS ;;
    --own) export ETCDCTL_ENDPOINTS=$CLIENT_URL ;;
  esac
fi

deadline=$((SECONDS + $1))
while ! report=$(timeout 10 etcdctl --command-timeout=3s endpoint health 2>&1); do
  if [ $SECONDS -ge $deadline ]; then
    echo "etcd: not all members are healthy after $1 s: $(grep -o 'https:[^ ]* is unhealthy' <<<"$report" | tr '\n' ' ')" >&2
    exit 1
  fi
  sleep 1
done
