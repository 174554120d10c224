#!/bin/bash
# Names that the serving certificate of NODE may have: those of the running machine of that id in this
# cluster, as the cloud knows them.
set -euo pipefail
. /etc/quorum/boot.env
[[ $1 =~ ^i-[0-9a-f]+$ ]]
timeout 20 quorum-cloud addresses "$1" "$CLUSTER"
