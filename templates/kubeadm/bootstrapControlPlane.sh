#!/bin/bash
# Initialises the cluster or joins it, the lock bootstrap/init being held. Half-done attempts of
# this machine are undone first. Called by the step "control-plane".
set -euo pipefail
export QUORUM_CHANGED=
. /usr/local/lib/quorum/kubernetesNode.sh
config=/etc/quorum/kubeadm/init.yaml
attempts=5
# A restarting API server is back long before, and a lost one's key is gone.
unserved_seconds=60
access=/run/quorum-join.conf
trap 'rm -f "$access"' EXIT

# A reset takes away the whole of /etc/kubernetes/pki, which only the step "pki" could refill.
start_clean() {
  local pki=/etc/kubernetes/pki
  if [ -e "$kubelet_conf" ] || [ -e /etc/kubernetes/bootstrap-kubelet.conf ] ||
    [ -e /etc/kubernetes/admin.conf ] || [ -n "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ]; then
    echo "undoing a half-done attempt"
    if [ ! -d "$pki.keep" ]; then
      rm -rf "$pki.keep.new"
      cp -a "$pki" "$pki.keep.new"
      mv "$pki.keep.new" "$pki.keep"
    fi
    /usr/local/lib/quorum/resetKubeadm.sh
  fi
  if [ -d "$pki.keep" ]; then
    rm -rf "$pki"
    mv "$pki.keep" "$pki"
  fi
  rm -f /etc/kubernetes/*.conf
  mkdir -p /etc/kubernetes/manifests
}

initialized() {
  [ "$(etcdctl get /bootstrap/initialized --print-value-only)" = yes ]
}

# A kubeconfig minted here, since the authority's key is here: no token, no upload of certificates.
mint_access() {
  quorum-api-name vip &&
    (umask 077 && kubeadm kubeconfig user --config "$config" --client-name "quorum:join:$NODE_NAME" \
      --org kubeadm:cluster-admins --validity-period 1h >"$access" 2>/dev/null)
}

# Is there someone to answer one that joins? When all control planes were lost at once there is not. The
# balancer may only not know them yet, hence etcd has the last word: each API server keeps a key in it,
# which ends 15 s after its server.
anyone_serves() {
  local deadline=$((SECONDS + unserved_seconds)) servers
  mint_access || fail "no kubeconfig could be made of the cluster's authority"
  until kubectl --kubeconfig "$access" --request-timeout 5s get --raw /livez >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      servers=$(etcdctl get --prefix /registry/masterleases/ --keys-only) || fail "etcd does not answer"
      [ -n "$servers" ]
      return
    fi
    sleep 2
  done
}

# init [OPTION…]: kubeadm makes a kubeconfig that no rule of the cluster binds; who holds the CA can make
# another.
init() {
  quorum-api-name local &&
    kubeadm init --config "$config" --ignore-preflight-errors "$ignored_checks" "$@" |
    without_noise &&
    rm -f /etc/kubernetes/super-admin.conf
}

# And it makes a token that nobody needs: the rotation makes its own.
init_first() {
  init &&
    kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system delete secret \
      --field-selector type=bootstrap.kubernetes.io/token >/dev/null &&
    etcdctl put /bootstrap/initialized yes >/dev/null
}

# By the same authorities, over the data that etcd has kept.
init_again() {
  echo "no API server is left: initialising again over what etcd has"
  init --skip-phases bootstrap-token,show-join-command
}

# kubeadm joins none whose Node is still Ready, as that of an attempt that was cut off is for a minute.
join() {
  kubectl --kubeconfig "$access" --request-timeout 10s delete node "$NODE_NAME" --ignore-not-found \
    --wait=false >/dev/null 2>&1 || true
  kubeadm join --config /etc/quorum/kubeadm/join.yaml --ignore-preflight-errors "$ignored_checks" |
    without_noise
}

for attempt in $(seq "$attempts"); do
  start_clean
  if ! initialized; then
    if init_first; then exit 0; fi
  elif anyone_serves; then
    if join; then exit 0; fi
  elif init_again; then
    exit 0
  fi
  echo "attempt $attempt of $attempts failed" >&2
  sleep $((attempt * 3))
done
fail "kubeadm did not succeed in $attempts attempts; see journalctl -u quorum-apply"
