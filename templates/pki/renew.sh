#!/bin/bash
# Renews what is due: the leaves of this machine, then whatever else has a script in renew.d.
set -uo pipefail

failed=0
shopt -s nullglob
leaves=(/etc/quorum/leaves.d/*.leaf)
if [ ${#leaves[@]} -gt 0 ]; then
  /usr/local/lib/quorum/issue-leaf.sh "${leaves[@]}" || failed=1
fi
for script in /usr/local/lib/quorum/renew.d/*.sh; do
  "$script" || { echo "$script failed" >&2; failed=1; }
done
exit $failed
