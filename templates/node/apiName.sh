#!/bin/bash
# Says in /etc/hosts where the API's name leads on this machine:
#   quorum-api-name vip [--keep-local]   to the load balancers (not when it is "local" already)
#   quorum-api-name local                to this control plane's own API server
set -euo pipefail
. /etc/quorum/machine.env
case $1 in
  vip) address=$API_VIP ;;
  local) address=127.0.0.1 ;;
  *)
    echo "usage: quorum-api-name vip|local [--keep-local]" >&2
    exit 64
    ;;
esac
line="$address $API_NAME # quorum"
if grep -qxF "$line" /etc/hosts; then exit 0; fi
if [ "${2:-}" = --keep-local ] && grep -qxF "127.0.0.1 $API_NAME # quorum" /etc/hosts; then exit 0; fi
{
  grep -v '# quorum$' /etc/hosts || true
  echo "$line"
} >/etc/hosts.quorum-new
chmod 0644 /etc/hosts.quorum-new
# Where /etc/hosts is a bind mount it cannot be replaced, only written.
mv -T /etc/hosts.quorum-new /etc/hosts 2>/dev/null || {
  cat /etc/hosts.quorum-new >/etc/hosts
  rm -f /etc/hosts.quorum-new
}
