#!/bin/bash
# Step "pki": users that own keys, roots in their places, leaves minted, renewal on a timer.
set -euo pipefail

library=/usr/local/lib/quorum
systemd-sysusers /etc/sysusers.d/quorum.conf
"$library/place-roots.sh" /etc/quorum/placements

shopt -s nullglob
leaves=(/etc/quorum/leaves.d/*.leaf)
if [ ${#leaves[@]} -gt 0 ]; then "$library/issue-leaf.sh" "${leaves[@]}"; fi

systemctl daemon-reload
systemctl enable --quiet --now quorum-pki-renew.timer
