#!/bin/bash
# Says in /etc/hosts where the API's name leads on this machine:
#   quorum-api-name vip [--keep-local]   nothing: the name server leads to the balancer
#   quorum-api-name local                to this control plane's own API server
set -euo pipefail
. /etc/quorum/machine.env
line="127.0.0.1 $API_NAME # quorum"
if grep -qxF "$line" /etc/hosts; then
  case "$*" in
    local | "vip --keep-local") exit 0 ;;
  esac
fi
{
  # First, because the first answer counts.
  if [ "$1" = local ]; then echo "$line"; fi
  grep -v '# quorum$' /etc/hosts || true
} >/etc/hosts.quorum-new
chmod 0644 /etc/hosts.quorum-new
# Where /etc/hosts is a bind mount it cannot be replaced, only written.
mv -T /etc/hosts.quorum-new /etc/hosts 2>/dev/null || {
  cat /etc/hosts.quorum-new >/etc/hosts
  rm -f /etc/hosts.quorum-new
}
