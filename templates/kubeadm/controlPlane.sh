#!/bin/bash
# Step "control-plane": the first control plane initialises the cluster, the others join, one at a
# time by a lock in etcd. Later runs bring changed settings to this member only; quorum-apply holds
# the roll lock meanwhile.
set -euo pipefail
. /usr/local/lib/quorum/kubernetesNode.sh
. /etc/quorum/kubeadm/control-plane.env
joined=/var/lib/quorum/control-plane.joined
renewed=/var/lib/quorum/control-plane.renewed
config=/etc/quorum/kubeadm/init.yaml
manifests=/etc/kubernetes/manifests
local_api=https://$ADDRESS:$API_SERVER_PORT

api_ready() { kubectl --kubeconfig /etc/kubernetes/admin.conf --server "$local_api" get --raw /readyz; }

# Holds the key that encrypts Secrets at rest, hence written here and not delivered.
write_encryption() {
  local file=/etc/kubernetes/encryption/config.yaml
  (
    umask 077
    mkdir -p "${file%/*}"
    sed "s|SECRETS_ENCRYPTION_KEY|$(tr -d '\n' </etc/quorum/pki/secrets-encryption.key)|" \
      /etc/quorum/kubeadm/encryption.yaml >"$file.new"
  )
  if cmp -s "$file.new" "$file"; then rm "$file.new"; else mv "$file.new" "$file"; fi
}

# What a component reads only at its start stands in an annotation, so that kubelet restarts it when it
# changes: the audit policy, and when kubeadm's certificates were renewed.
write_generated_patches() {
  local component
  write_kubelet_facts
  for component in apiserver controller-manager scheduler; do
    cat >"$patches/kube-${component}9+strategic.yaml" <<YAML
metadata:
  annotations:
    quorum/renewed: "$(cat "$renewed" 2>/dev/null || echo never)"
YAML
  done
  echo "    quorum/audit-policy: $(sha256sum /etc/quorum/apiserver/audit-policy.yaml | cut -c 1-16)" \
    >>"$patches/kube-apiserver9+strategic.yaml"
}

# Subject names that the certificate at hand lacks mean a new one; the API server reloads it by itself.
renew_apiserver_certificate() {
  local name certificate=/etc/kubernetes/pki/apiserver.crt lacking=no
  [ -f "$certificate" ] || return 0
  for name in $API_SANS; do
    case $name in
      *[!0-9.]*) openssl x509 -in "$certificate" -noout -checkhost "$name" ;;
      *) openssl x509 -in "$certificate" -noout -checkip "$name" ;;
    esac | grep -q "does match" || lacking=yes
  done
  [ "$lacking" = yes ] || return 0
  rm -f "$certificate" "${certificate%.crt}.key"
  kubeadm init phase certs apiserver --config "$config" >/dev/null
}

pod_hash() {
  kubectl --kubeconfig /etc/kubernetes/admin.conf --server "$local_api" -n kube-system \
    get pod "$1-$NODE_NAME" -o "jsonpath={.metadata.annotations.kubernetes\.io/config\.hash} {.status.conditions[?(@.type=='Ready')].status}"
}

static_pod_renewed() {
  local hash ready
  read -r hash ready < <(pod_hash "$1")
  [ "$ready" = True ] && [ "$hash" != "$2" ]
}

# One component after the other, so that a bad setting stops at the first.
rerender() {
  local component manifest before_file before_hash
  for component in apiserver controller-manager scheduler; do
    manifest=$manifests/kube-$component.yaml
    before_file=$(sha256sum <"$manifest" 2>/dev/null || true)
    before_hash=$(retry pod_hash "kube-$component" | cut -d ' ' -f 1)
    kubeadm init phase control-plane "$component" --config "$config" >/dev/null
    [ "$before_file" != "$(sha256sum <"$manifest")" ] || continue
    echo "restarting kube-$component"
    wait_for 300 "kube-$component did not come back with its new settings; see crictl ps -a" \
      static_pod_renewed "kube-$component" "$before_hash"
  done
}

cluster_version() {
  kubectl --kubeconfig /etc/kubernetes/admin.conf --server "$local_api" -n kube-system \
    get configmap kubeadm-config -o jsonpath='{.data.ClusterConfiguration}' |
    awk '$1 == "kubernetesVersion:" { print $2 }'
}

reconcile() {
  wait_for 300 "this control plane's API server is not ready" api_ready
  renew_apiserver_certificate
  if changed '/etc/quorum/kubeadm/*' || changed '/etc/quorum/apiserver/*' || changed '/etc/quorum/pki/*' || changed "$renewed"; then
    # Images of a new version must be here before the old pods go.
    [ "$(cluster_version)" = "v$KUBERNETES_VERSION" ] ||
      kubeadm config images pull --config "$config" >/dev/null 2>&1 || true
    retry kubeadm init phase upload-config kubeadm --config "$config" >/dev/null
    retry kubeadm init phase upload-config kubelet --config "$config" >/dev/null 2>&1
    rerender
    retry kubeadm init phase addon kube-proxy --config "$config" >/dev/null
  fi
  refresh_kubelet
  wait_for 300 "this control plane's API server is not ready after its change" api_ready
}

mkdir -p "$manifests"
write_encryption
write_generated_patches
start_kubelet start
if [ ! -f "$joined" ]; then
  quorum-with-lock --ttl 120 bootstrap/init /usr/local/lib/quorum/bootstrapControlPlane.sh
  touch "$joined"
else
  reconcile
fi
quorum-api-name local
wait_for 60 "this control plane's node cannot be annotated" announce_host /etc/kubernetes/admin.conf
