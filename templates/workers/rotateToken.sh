#!/bin/bash
# A new join token in the Secret kube-system/quorum-join, valid much longer than until the next
# rotation. On every control plane by timer; quorum-with-lock lets one at a time do it.
set -euo pipefail
. /etc/quorum/token.env
export KUBECONFIG=/etc/kubernetes/admin.conf
validSeconds=$((TOKEN_LIFETIME_HOURS * 3600))
freshSeconds=$((TOKEN_ROTATION_MINUTES * 60 / 2))

# Another control plane may just have done it.
made=$(kubectl -n kube-system get secret quorum-join --ignore-not-found \
  -o jsonpath='{.metadata.annotations.quorum/made}')
now=$(date +%s)
if [ -n "$made" ] && [ $((now - made)) -lt "$freshSeconds" ] && [ "${1:-}" != --now ]; then exit 0; fi

# Both secrets go in by standard input, never as an argument.
id=$(od -An -N16 -tu1 /dev/urandom | awk '{ s = "abcdefghijklmnopqrstuvwxyz012345"; for (i = 1; i <= NF; i++) printf "%s", substr(s, $i % 32 + 1, 1) }' | cut -c 1-6)
secret=$(od -v -An -N16 -tu1 /dev/urandom | awk '{ s = "abcdefghijklmnopqrstuvwxyz012345"; for (i = 1; i <= NF; i++) printf "%s", substr(s, $i % 32 + 1, 1) }')
expires=$(date -u -d "@$((now + validSeconds))" +%Y-%m-%dT%H:%M:%SZ)
kubectl apply --server-side --force-conflicts --field-manager quorum -f - >/dev/null <<YAML
apiVersion: v1
kind: Secret
metadata:
  name: bootstrap-token-$id
  namespace: kube-system
type: bootstrap.kubernetes.io/token
stringData:
  token-id: $id
  token-secret: $secret
  expiration: "$expires"
  usage-bootstrap-authentication: "true"
  auth-extra-groups: system:bootstrappers:kubeadm:default-node-token
---
apiVersion: v1
kind: Secret
metadata:
  name: quorum-join
  namespace: kube-system
  annotations:
    quorum/made: "$now"
stringData:
  token: $id.$secret
YAML
