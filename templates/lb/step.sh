#!/bin/bash
# Step "load-balancer": HAProxy and keepalived run with their present configuration. A new HAProxy
# configuration is loaded without closing a connection; a bad one never reaches the running process.
set -euo pipefail

library=/usr/local/lib/quorum/lb
source=/etc/quorum/lb
run=/run/quorum/lb
# What the units last read. Kept over a boot, at which they start with the files that are in place.
stamps=/var/lib/quorum/lb
install -d -m 0755 "$run" "$stamps" /etc/haproxy /etc/keepalived
# shellcheck source=/dev/null
. "$source/watch.env"

interface=$(ip -o -4 addr show | awk -v address="$ADDRESS" '{ split($4, part, "/"); if (part[1] == address) print $2 }' | head -n 1)
if [ -z "$interface" ]; then
  echo "load-balancer: no interface has the address $ADDRESS" >&2
  exit 1
fi
# shellcheck disable=SC2016
printf '$INTERFACE=%s\n' "$interface" >"$source/interface.conf"

# Checked as a whole before any of it is put in place.
haproxy -c -q -f "$source/haproxy.cfg" || { echo "load-balancer: HAProxy refuses $source/haproxy.cfg" >&2; exit 1; }
sed "s#/etc/keepalived/interface.conf#$source/interface.conf#" "$source/keepalived.conf" >"$run/keepalived.conf"
touch "$run/haproxy" "$run/api"
keepalived -t -f "$run/keepalived.conf" 2>"$run/keepalived.log" ||
  { echo "load-balancer: keepalived refuses its configuration: $(tail -n 1 "$run/keepalived.log")" >&2; exit 1; }

place() { cmp -s "$1" "$2" || install -m 0644 "$1" "$2"; }
place "$source/haproxy.cfg" /etc/haproxy/haproxy.cfg
place "$source/interface.conf" /etc/keepalived/interface.conf
place "$source/keepalived.conf" /etc/keepalived/keepalived.conf

systemctl daemon-reload
systemctl enable --quiet haproxy.service keepalived.service api-lb-watch.service

# bring UNIT VERB FILE...: starts the unit, or VERBs it when the files differ from what it last read.
bring() {
  local unit=$1 verb=$2 digest stamp
  shift 2
  stamp=$stamps/$unit.$verb
  digest=$(cat "$@" | sha256sum)
  if ! systemctl is-active --quiet "$unit"; then
    systemctl restart "$unit"
  elif [ "$(cat "$stamp" 2>/dev/null)" != "$digest" ]; then
    if [ -e "$stamp" ]; then systemctl "$verb" "$unit"; else systemctl restart "$unit"; fi
  fi
  echo "$digest" >"$stamp"
}

bring haproxy.service restart /etc/systemd/system/haproxy.service.d/quorum.conf
bring haproxy.service reload /etc/haproxy/haproxy.cfg /etc/haproxy/ca.crt
bring api-lb-watch.service restart "$library/watch.sh" "$source/watch.env" /etc/systemd/system/api-lb-watch.service
bring keepalived.service restart /etc/systemd/system/keepalived.service.d/quorum.conf
bring keepalived.service reload /etc/keepalived/keepalived.conf /etc/keepalived/interface.conf

for _ in $(seq 40); do
  if [ "$(cat "$run/haproxy")" = 0 ] && systemctl is-active --quiet keepalived.service; then exit 0; fi
  sleep 0.5
done
echo "load-balancer: HAProxy or keepalived is not running: systemctl status haproxy keepalived" >&2
exit 1
