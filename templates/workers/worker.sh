#!/bin/bash
# Step "worker": joins the cluster with the token of the hour; later runs bring changed settings.
# The token is fetched with this host's own certificate, which may do nothing but read it.
set -euo pipefail
. /usr/local/lib/quorum/kubernetesNode.sh
# The release stands here so that another one changes this step, wherever programs come from.
. /etc/quorum/kubeadm/worker.env
joined=/var/lib/quorum/worker.joined
waitMinutes=15
discovery=/run/quorum-join.conf

join() {
  local token
  token=$(quorum-join-token) || return 1
  # A here-document: what stands in arguments is for all to see.
  (umask 077 && cat >"$discovery") <<YAML
apiVersion: v1
kind: Config
clusters:
  - name: cluster
    cluster:
      server: https://$API_NAME:$API_PORT
      certificate-authority-data: $(base64 -w 0 </etc/kubernetes/pki/ca.crt)
users:
  - name: joining
    user:
      token: $token
contexts:
  - name: joining
    context:
      cluster: cluster
      user: joining
current-context: joining
YAML
  kubeadm join --config /etc/quorum/kubeadm/join.yaml \
    --ignore-preflight-errors "$ignored_checks,FileAvailable--etc-kubernetes-pki-ca.crt" |
    without_noise
}

start_clean() {
  rm -f "$discovery"
  [ -e "$kubelet_conf" ] || [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || return 0
  echo "undoing a half-done attempt"
  cp -a /etc/kubernetes/pki/ca.crt /run/quorum-ca.crt
  /usr/local/lib/quorum/resetKubeadm.sh
  rm -f /etc/kubernetes/*.conf
  mkdir -p /etc/kubernetes/pki
  mv /run/quorum-ca.crt /etc/kubernetes/pki/ca.crt
}

installed=$(kubelet --version)
[ "$installed" = "Kubernetes v$KUBERNETES_VERSION" ] ||
  fail "kubelet here is $installed, and the plan's release is v$KUBERNETES_VERSION"
write_kubelet_facts
mkdir -p /etc/kubernetes/manifests
if [ -f "$joined" ]; then
  refresh_kubelet
  wait_for 60 "this worker's node cannot be annotated" announce_host "$kubelet_conf"
  exit 0
fi
start_kubelet start
deadline=$((SECONDS + waitMinutes * 60))
pause=1
until start_clean && join; do
  [ "$SECONDS" -lt "$deadline" ] ||
    fail "could not join within $waitMinutes minutes: the API at $API_NAME ($API_VIP) or the join token is out of reach"
  sleep "$pause"
  pause=$((pause < 10 ? pause + 1 : 10))
done
rm -f "$discovery"
wait_for 60 "this worker's node cannot be annotated" announce_host "$kubelet_conf"
touch "$joined"
