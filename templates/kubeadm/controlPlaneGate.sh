#!/bin/bash
# Before this control plane is changed: every other one must serve, and etcd must answer.
set -euo pipefail
. /etc/quorum/machine.env
. /etc/quorum/kubeadm/control-plane.env
waitSeconds=300

all_others_ready() {
  local address
  for address in $OTHER_CONTROL_PLANES; do
    kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 5s \
      --server "https://$address:$API_SERVER_PORT" get --raw /readyz >/dev/null 2>&1 || {
      ailing=$address
      return 1
    }
  done
}

deadline=$((SECONDS + waitSeconds))
until all_others_ready; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "not changed: the control plane at $ailing is not ready, and this one must not be taken down with it" >&2
    exit 1
  fi
  sleep 2
done
