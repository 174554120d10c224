#!/bin/bash
# Step "etcd-client": this control plane reaches etcd, and the cluster was formed by all members.
# Keeps a copy of the marker here, which forbids that empty members ever form a new cluster.
set -euo pipefail
umask 022

set -a
# shellcheck source=/dev/null
. /etc/quorum/etcd/client.env
set +a
state=/var/lib/quorum/etcd

systemctl daemon-reload
systemctl enable --quiet --now quorum-etcd-marker.socket

deadline=$((SECONDS + 600))
until [ -n "$(timeout 10 etcdctl --command-timeout=5s get --print-value-only quorum/etcd/initialized 2>/dev/null)" ]; do
  if [ $SECONDS -ge $deadline ]; then
    echo "etcd-client: $ETCDCTL_ENDPOINTS did not form a healthy cluster within 600 s" >&2
    exit 1
  fi
  sleep 1
done
install -d -m 0755 "$state"
echo initialized >"$state/initialized.new"
mv "$state/initialized.new" "$state/initialized"
