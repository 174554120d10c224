#!/bin/bash
# Takes this worker out of the cluster: its pods are moved away and its Node goes, by the control
# planes, which see the annotation "quorum/leaving"; then what kubeadm made goes.
set -u
. /etc/quorum/machine.env
waitSeconds=180
node() { kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout 10s "$@"; }
if [ -s /etc/kubernetes/kubelet.conf ] &&
  node annotate --overwrite node "$NODE_NAME" "quorum/leaving=true" >/dev/null 2>&1; then
  deadline=$((SECONDS + waitSeconds))
  while [ "$SECONDS" -lt "$deadline" ] && [ -n "$(node get node "$NODE_NAME" --ignore-not-found -o name 2>&1)" ]; do
    sleep 3
  done
fi
/usr/local/lib/quorum/resetKubeadm.sh
systemctl disable --now --quiet kubelet.service
rm -rf /var/lib/quorum/worker.joined /var/lib/kubelet/config.yaml /etc/kubernetes
