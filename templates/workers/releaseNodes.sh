#!/bin/bash
# Lets nodes go that ask for it (annotation "quorum/leaving"): drained within a minute and a half
# where the disruption budgets allow it, then deleted. Runs on one control plane at a time (lock in etcd).
set -euo pipefail
export KUBECONFIG=/etc/kubernetes/admin.conf

release() {
  local node=$1
  echo "letting $node go"
  kubectl --request-timeout 30s drain "$node" --ignore-daemonsets --delete-emptydir-data --force \
    --timeout 90s || echo "$node could not be drained in time; it goes all the same" >&2
  kubectl --request-timeout 30s delete node "$node" --ignore-not-found --wait=false
}

until kubectl --request-timeout 10s get --raw /readyz >/dev/null 2>&1; do sleep 2; done
kubectl get nodes --watch -o 'jsonpath={.metadata.name} {.metadata.annotations.quorum/leaving} {.metadata.deletionTimestamp}{"\n"}' |
  {
    # Every change of a Node is told again; one release for each is enough.
    declare -A releasing
    while read -r node leaving deleting; do
      if [ "${leaving:-}" != true ] || [ -n "${deleting:-}" ]; then
        unset "releasing[$node]"
      elif [ -z "${releasing[$node]:-}" ]; then
        releasing[$node]=yes
        # Several may leave at once.
        release "$node" &
      fi
    done
  }
