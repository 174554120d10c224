#!/bin/bash
# Step "node": kernel settings, the API's name and what this machine is, in files others read.
set -euo pipefail
. /etc/quorum/machine.env

# facts.env: found here, never configured.
cgroup=v2
[ -f /sys/fs/cgroup/cgroup.controllers ] || cgroup=v1
# Without CAP_SYS_RESOURCE (bit 24) nobody may lower an oom score.
restrict_oom=true
bounding=$(awk '$1 == "CapEff:" { print $2 }' /proc/self/status)
if (((16#$bounding >> 24) & 1)); then restrict_oom=false; fi
facts=$(printf 'CGROUP=%s\nRESTRICT_OOM=%s\n' "$cgroup" "$restrict_oom")
if [ "$facts" != "$(cat /etc/quorum/facts.env 2>/dev/null || true)" ]; then
  echo "$facts" >/etc/quorum/facts.env.new
  mv /etc/quorum/facts.env.new /etc/quorum/facts.env
fi

# Modules may be built in or loaded by the host of a container: the settings below are the test.
if [ -f /etc/modules-load.d/quorum.conf ]; then
  grep -v '^#' /etc/modules-load.d/quorum.conf | while read -r module; do
    modprobe -q "$module" 2>/dev/null || true
  done
fi
if [ -f /etc/sysctl.d/90-quorum.conf ]; then
  # -e and the "-" prefix in the file pass over what this kernel lacks or forbids here.
  sysctl -e -q -p /etc/sysctl.d/90-quorum.conf 2>/dev/null || true
  if [ "$(cat /proc/sys/net/ipv4/ip_forward)" != 1 ]; then
    echo "net.ipv4.ip_forward cannot be set: pods could not be reached" >&2
    exit 1
  fi
fi

# A control plane that has joined keeps its own API server under that name.
quorum-api-name vip --keep-local
