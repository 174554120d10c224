#!/bin/bash
# Step "cluster-services": what runs in the cluster for the cluster, applied by one control plane at
# a time and once for each version of it, and the timers and watchers of this control plane.
set -euo pipefail
. /etc/quorum/machine.env
export KUBECONFIG=/etc/kubernetes/admin.conf
manifests=/etc/quorum/manifests
applied=/bootstrap/manifests
services=(quorum-approve-serving.service quorum-release-nodes.service)

set -a
. /etc/quorum/etcd/client.env
set +a

if [ "${1:-}" = --locked ]; then
  digest=$(cat "$manifests"/*.yaml | sha256sum | cut -c 1-32)
  if [ "$(etcdctl get "$applied" --print-value-only)" != "$digest" ]; then
    # Server-side, so that fields of others stay; the token first, since workers wait for it.
    kubectl apply --server-side --force-conflicts --field-manager quorum -f "$manifests/hostAccess.yaml"
    /usr/local/lib/quorum/rotateToken.sh
    kubectl apply --server-side --force-conflicts --field-manager quorum -f "$manifests"
    etcdctl put "$applied" "$digest" >/dev/null
  fi
  exit 0
fi

systemctl daemon-reload
systemctl enable --quiet quorum-token.timer "${services[@]}"
digest=$(cat "$manifests"/*.yaml | sha256sum | cut -c 1-32)
if [ "$(etcdctl get "$applied" --print-value-only)" != "$digest" ]; then
  quorum-with-lock --ttl 30 bootstrap/manifests "$0" --locked >/dev/null
fi
systemctl start quorum-token.timer
# Where workers read the token elsewhere, they need not wait for the timer's first turn.
[ ! -x /usr/local/lib/quorum/publishToken.sh ] || systemctl start --no-block quorum-token.service
case "$QUORUM_CHANGED" in
  *approveServing* | *releaseNodes* | *quorum-approve* | *quorum-release*) systemctl restart --no-block "${services[@]}" ;;
  *) systemctl start --no-block "${services[@]}" ;;
esac
