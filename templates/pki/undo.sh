#!/bin/bash
# The step "pki" undone: keys and certificates go; the roots are removed by whoever brought them.
systemctl disable --quiet --now quorum-pki-renew.timer
for description in /etc/quorum/leaves.d/*.leaf; do
  [ -e "$description" ] || continue
  # shellcheck source=/dev/null
  (. "$description" && rm -f "$KEY" "$CERTIFICATE")
done
while read -r _ _ _ _ path; do rm -f "$path"; done </etc/quorum/placements
rm -rf /var/lib/quorum/leaves
