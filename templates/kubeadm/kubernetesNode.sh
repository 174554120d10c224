#!/bin/bash
# Functions of the steps "control-plane" and "worker". Sourced.
set -euo pipefail
. /etc/quorum/machine.env
. /etc/quorum/facts.env
# shellcheck disable=SC2034 # used where this is sourced
kubelet_conf=/etc/kubernetes/kubelet.conf
patches=/etc/quorum/kubeadm/patches

fail() {
  echo "$*" >&2
  exit 1
}

# changed PATTERN: is one of the step's changed files of this (glob) name?
changed() {
  local path
  while read -r path; do
    # shellcheck disable=SC2053 # a glob on purpose
    [[ $path != $1 ]] || return 0
  done <<<"$QUORUM_CHANGED"
  return 1
}

# wait_for SECONDS WHAT COMMAND…
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || fail "$what (waited long enough; asked by: $*)"
    sleep 0.5
  done
}

# For calls to an API server that may be just going: five more tries within half a minute.
retry() {
  local try
  for try in 1 2 4 8 15; do
    if "$@"; then return 0; fi
    sleep "$try"
  done
  "$@"
}

# What kubelet must know of this host. On cgroup v1 systemd is not asked to make slices: not every
# version of it agrees with kubelet there.
write_kubelet_facts() {
  local driver=systemd
  [ "$CGROUP" = v2 ] || driver=cgroupfs
  mkdir -p "$patches"
  cat >"$patches/kubeletconfiguration1+strategic.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: $driver
failCgroupV1: $([ "$CGROUP" = v2 ] && echo true || echo false)
YAML
}

# kubeadm's checks of the kernel's build configuration fail on hosts that hide it; Quorum's own
# preflight has looked at what is needed. kubeadm's check of etcd's version wants every member to answer:
# with one lost, no control plane could come back.
# shellcheck disable=SC2034
ignored_checks=SystemVerification,Swap,NumCPU,Mem,ExternalEtcdVersion,FileExisting-socat,FileExisting-ethtool,FileExisting-tc,FileExisting-conntrack,Hostname

# kubeadm's words for the journal, without tokens and without its survey of the kernel.
without_noise() {
  sed -u -E -e 's/\x1b\[[0-9;]*m//g' -e '/^(KERNEL|CONFIG|CGROUPS)_|^OS:/d' -e 's/[a-z0-9]{6}\.[a-z0-9]{16}/(token)/'
}

kubelet_healthy() {
  [ "$(http_get 10248 /healthz)" = ok ]
}

# http_get PORT PATH: the body, from loopback, without a tool for it.
http_get() {
  local line body=
  exec 8<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&8
  while read -r -t 2 line <&8 || [ -n "$line" ]; do body=$line; done
  exec 8>&-
  echo "$body"
}

start_kubelet() {
  systemctl daemon-reload
  systemctl enable --quiet kubelet.service
  if [ "$1" = restart ]; then
    systemctl restart kubelet.service
  else
    systemctl start kubelet.service
  fi
}

# A node's own settings and the cluster's, written anew; kubelet restarted only when they differ.
refresh_kubelet() {
  local before after
  before=$(cat /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env 2>/dev/null | sha256sum)
  retry kubeadm upgrade node phase kubelet-config --patches "$patches" >/dev/null
  after=$(cat /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env | sha256sum)
  if [ "$before" != "$after" ] || changed '*/kubelet.service' || kubelet_is_older; then
    start_kubelet restart
  fi
  wait_for 120 "kubelet is not healthy; see journalctl -u kubelet" kubelet_healthy
}

# Shows this host's certificate of the plan on its Node, for the rule that approves serving certificates.
# A cloud's machine has none: there the cloud is asked.
# announce_host KUBECONFIG
announce_host() {
  local certificate
  [ -s /etc/quorum/pki/host.crt ] || return 0
  certificate=$(base64 -w 0 </etc/quorum/pki/host.crt)
  kubectl --kubeconfig "$1" --request-timeout 10s annotate --overwrite node "$NODE_NAME" \
    "quorum/host-certificate=$certificate" >/dev/null
}

# The running kubelet is another file than the one in place (an upgrade put a new one there).
kubelet_is_older() {
  local pid
  pid=$(systemctl show -P MainPID kubelet.service)
  [ "$pid" = 0 ] || [ "$(readlink "/proc/$pid/exe")" != /usr/local/bin/kubelet ]
}
