#!/bin/bash
# Before this control plane is changed: every other one must serve, and etcd must answer.
set -euo pipefail
. /etc/quorum/machine.env
. /etc/quorum/kubeadm/control-plane.env
waitSeconds=300

ready() {
  kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 5s \
    --server "https://$1:$API_SERVER_PORT" get --raw /readyz >/dev/null 2>&1
}

all_others_ready() {
  for ailing in $OTHER_CONTROL_PLANES; do
    ready "$ailing" || return 1
  done
}

# One that does not serve has nothing to lose, and the change may be its cure. Asked thrice, since a
# busy moment is no failure.
serves() { ready "$ADDRESS" || { sleep 3 && ready "$ADDRESS"; } || { sleep 3 && ready "$ADDRESS"; }; }
serves || exit 0

deadline=$((SECONDS + waitSeconds))
until all_others_ready; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "not changed: the control plane at $ailing is not ready, and this one must not be taken down with it" >&2
    exit 1
  fi
  sleep 2
done
