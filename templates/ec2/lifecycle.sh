#!/bin/bash
# Leaves the cluster in order when the auto-scaling group, or a spot interruption, takes this machine
# away; then lets the group go on. Without this the group waits for its own time-out.
set -uo pipefail
. /etc/quorum/boot.env
pollSeconds=5
# A balancer's targets are given this long to be forgotten before the server stops.
drainSeconds=70

until quorum-cloud leaving "$pollSeconds"; do sleep "$pollSeconds"; done
echo "this machine is to go: leaving the cluster"
if [ "$ROLE" = control-plane ]; then sleep "$drainSeconds"; fi
undo=/usr/local/lib/quorum/steps/$ROLE-undo.sh
[ ! -x "$undo" ] || "$undo" </dev/null
for _ in 1 2 3 4 5; do
  if quorum-cloud complete "$GROUP" "$HOOK"; then exit 0; fi
  sleep 5
done
