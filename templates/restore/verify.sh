#!/bin/bash
# On one control plane: the API answers, Secrets decrypt, nodes come back. Prints "READY of ALL".
set -euo pipefail
kubectl() { command kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 20s "$@"; }
kubectl get secrets --all-namespaces -o name >/dev/null ||
  { echo "Secrets cannot be read: is the encryption key the one that they were written with?" >&2; exit 1; }
all=0 ready=0
for _ in $(seq 60); do
  states=$(kubectl get nodes -o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}')
  all=$(grep -c . <<<"$states" || true)
  ready=$(grep -c '^True$' <<<"$states" || true)
  if [ "$all" -gt 0 ] && [ "$ready" = "$all" ]; then break; fi
  sleep 2
done
echo "$ready of $all"
