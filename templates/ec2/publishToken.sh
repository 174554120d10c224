#!/bin/bash
# Puts the cluster's current join token where workers read it, when it is another one there. Runs after
# each rotation on every control plane; which of them is first does not matter.
set -euo pipefail
. /etc/quorum/boot.env
waitSeconds=240
deadline=$((SECONDS + waitSeconds))
until {
  token=$(kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 10s -n kube-system \
    get secret quorum-join -o jsonpath='{.data.token}' | base64 -d) &&
    [ -n "$token" ] &&
    if [ "$(timeout 20 quorum-cloud get "$TOKEN_PARAMETER" 2>/dev/null || true)" != "$token" ]; then
      timeout 20 quorum-cloud put "$TOKEN_PARAMETER" SecureString <<<"$token"
    fi
}; do
  [ "$SECONDS" -lt "$deadline" ] || exit 1
  sleep $((RANDOM % 10 + 5))
done
