#!/bin/bash
# Before this worker is changed: no control plane may be of an older release than the kubelet that is
# about to start here (Kubernetes' version skew policy). They get a release one after another, and
# this worker waits meanwhile.
set -euo pipefail
waitSeconds=${QUORUM_WAIT_SECONDS:-1800}
host=/etc/quorum/host.kubeconfig
release=$(kubelet --version)
release=${release#Kubernetes }

control_planes() {
  kubectl --kubeconfig "$host" --request-timeout 5s get nodes -l node-role.kubernetes.io/control-plane \
    -o 'jsonpath={range .items[*]}{.metadata.name} {.status.nodeInfo.kubeletVersion}{"\n"}{end}' 2>/dev/null
}

# Is nothing in the way? Sets `reason`.
nothing_in_the_way() {
  local nodes name other
  nodes=$(control_planes) || { reason="the API does not tell which releases the control planes are of"; return 1; }
  reason=
  while read -r name other; do
    [ -z "$name" ] || [ "$(printf '%s\n' "$release" "$other" | sort -V | head -n 1)" = "$release" ] ||
      reason="control plane $name is of $other, older than $release; a machine that is gone for good: kubectl delete node $name"
  done <<<"$nodes"
  [ -z "$reason" ]
}

deadline=$((SECONDS + waitSeconds))
until nothing_in_the_way; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "not changed: $reason" >&2
    exit 1
  fi
  sleep 2
done
