#!/bin/bash
# On a control plane: what it says of itself, of etcd and of the nodes; a line for each. What cannot
# be asked is left out, and then counts as unhealthy.
#   readyz ok | readyz REASON
#   health JSON, status JSON     of etcd's members
#   nodes GZIP                   lines "NAME STATUS", base64: an answer may have 24000 letters
set -uo pipefail
. /etc/quorum/machine.env
api() {
  kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 10s \
    --server "https://$ADDRESS:$API_SERVER_PORT" --tls-server-name kubernetes "$@"
}
if answer=$(api get --raw /readyz 2>&1); then
  echo "readyz ok"
else
  echo "readyz $(tail -n 1 <<<"$answer")"
fi

set -a
# shellcheck source=/dev/null
. /etc/quorum/etcd/client.env
set +a
# With an exit status other than 0 they tell of those that answer all the same.
for what in health status; do
  answer=$(timeout 20 etcdctl --command-timeout=5s endpoint "$what" -w json 2>/dev/null) || true
  if [ -n "$answer" ]; then echo "$what $answer"; fi
done

columns='{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}'
if answer=$(api get nodes -o "jsonpath=$columns" 2>/dev/null); then
  echo "nodes $(gzip -9 <<<"$answer" | base64 -w 0)"
fi
