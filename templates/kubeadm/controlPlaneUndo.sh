#!/bin/bash
# Takes this control plane out of the cluster: its Node goes, then what kubeadm made. The last one
# leaves the data in etcd as it is.
set -u
. /etc/quorum/machine.env
kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 10s delete node "$NODE_NAME" \
  --ignore-not-found --wait=false >/dev/null 2>&1 || true
/usr/local/lib/quorum/resetKubeadm.sh
systemctl disable --now --quiet kubelet.service
rm -rf /var/lib/quorum/control-plane.joined /var/lib/kubelet/config.yaml /etc/kubernetes
