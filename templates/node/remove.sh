#!/bin/sh
# Undoes what a bundle made of this machine: steps last first, then every file of the bundle. Data
# directories (etcd's, snapshots) stay.
set -u
state=${QUORUM_MACHINE_STATE:-/var/lib/quorum}
[ -e "$state/current/steps" ] || exit 0
systemctl disable --quiet quorum-apply.service
systemctl stop quorum-apply.service
quorum-apply --remove
sed -i '/# quorum$/d' /etc/hosts 2>/dev/null || {
  kept=$(grep -v '# quorum$' /etc/hosts)
  echo "$kept" >/etc/hosts
}
while read -r _ _ _ path; do rm -f "$path"; done <"$state/current/manifest"
rm -rf "$state/bundles" "$state/current" "$state/steps" "$state/changed" "$state/applying" \
  "$state/installed" "$state/outcome" "$state/doing" /etc/quorum/kubeadm
systemctl daemon-reload
