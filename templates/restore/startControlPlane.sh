#!/bin/bash
# Starts what stopControlPlane.sh stopped, and waits until the apiserver is ready. May be repeated.
set -euo pipefail

kept=/var/lib/quorum/restore/manifests
for manifest in "$kept"/*.yaml; do
  if [ -e "$manifest" ]; then mv "$manifest" /etc/kubernetes/manifests/; fi
done
systemctl start etcd-snapshot.timer 2>/dev/null || true
# A Node that is younger than the snapshot is not there any more; kubelet registers only at its start.
systemctl restart kubelet.service

for _ in $(seq 150); do
  if kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://$ADDRESS:$PORT" --tls-server-name kubernetes \
    --request-timeout 5s get --raw /readyz >/dev/null 2>&1; then exit 0; fi
  sleep 2
done
echo "the apiserver is not ready after 300 s" >&2
exit 1
