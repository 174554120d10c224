#!/bin/bash
# Names that the serving certificate of NODE may have: those of the running machine of that id in this
# cluster, as the cloud knows them. Of a worker elsewhere, which the cloud does not know: its name, and
# its address where that lies in a range of remote workers.
set -euo pipefail
. /etc/quorum/boot.env
if [[ ! $1 =~ ^i- ]]; then
  . /usr/local/lib/quorum/farNodes.sh
  address=$(kubectl --request-timeout 10s get node "$1" \
    -o 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}')
  is_far "$address"
  printf 'DNS:%s\nIP Address:%s\n' "$1" "$address"
  exit 0
fi
[[ $1 =~ ^i-[0-9a-f]+$ ]]
timeout 20 quorum-cloud addresses "$1" "$CLUSTER"
