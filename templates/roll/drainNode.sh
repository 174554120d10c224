#!/bin/bash
# On a control plane: moves the pods of NODE away, within SECONDS_ALLOWED and as disruption budgets
# allow. A node that could not be emptied takes pods again. May be repeated.
set -uo pipefail
kubectl() { command kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 30s "$@"; }
found=$(kubectl get node "$NODE" --ignore-not-found -o name) || exit 1
# Never registered, or gone already.
[ -n "$found" ] || exit 0
if answer=$(kubectl drain "$NODE" --ignore-daemonsets --delete-emptydir-data --force \
  --timeout "${SECONDS_ALLOWED}s" 2>&1); then exit 0; fi
kubectl uncordon "$NODE" >/dev/null 2>&1
echo "not drained within $SECONDS_ALLOWED s, it takes pods again: $(grep -i -m 1 -e budget <<<"$answer" || tail -n 1 <<<"$answer")" >&2
exit 1
