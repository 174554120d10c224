#!/bin/bash
# On one etcd machine: waits until all members are healthy, and removes what points at the cluster
# as it was: locks, leaderships and the addresses of apiservers, whose holders are gone.
set -euo pipefail

/usr/local/lib/quorum/etcd/wait-healthy.sh 180
set -a
# shellcheck source=/dev/null
. /etc/quorum/etcd/client.env
set +a
etcdctl alarm disarm >/dev/null
for prefix in quorum/lock/ /registry/masterleases/ /registry/leases/kube-system/ /registry/leases/kube-node-lease/; do
  etcdctl del --prefix "$prefix" >/dev/null
done
etcdctl endpoint status -w fields | sed -n 's/^"Revision" : //p' | sort -n | tail -n 1
