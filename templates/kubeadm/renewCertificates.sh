#!/bin/bash
# Daily: renews kubeadm's certificates on this control plane when a third of their year or less is left,
# and restarts what holds them, while every other control plane serves (lock, gate).
set -euo pipefail
dueSeconds=$((120 * 24 * 3600))

if [ "${1:-}" = --locked ]; then
  /usr/local/lib/quorum/steps/control-plane-gate.sh
  kubeadm certs renew all --config /etc/quorum/kubeadm/init.yaml >/dev/null
  date -u +%FT%TZ >/var/lib/quorum/control-plane.renewed
  QUORUM_CHANGED=/var/lib/quorum/control-plane.renewed /usr/local/lib/quorum/steps/control-plane.sh
  exit 0
fi
[ -f /var/lib/quorum/control-plane.joined ] || exit 0
if openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -checkend "$dueSeconds" >/dev/null; then
  exit 0
fi
exec quorum-with-lock roll/control-plane "$0" --locked
