#!/bin/bash
# Tells keepalived how this load balancer is, through two files that it tracks; the value is added
# to its priority:
#   haproxy   0 answers; -100 does not answer (frozen, or the machine is slow); -254 is not there
#   api       0 an apiserver is reached through HAProxy; -20 none is
# So VIP and traffic go where things work, and with nothing working anywhere the VIP still has a home.
# keepalived's own scripts run every second at best: too slow for three seconds in all.
set -uo pipefail

# shellcheck source=/dev/null
. "${QUORUM_LB_ENV:-/etc/quorum/lb/watch.env}"

put() { [ "$(cat "$1")" = "$2" ] || { echo "$2" >"$1"; echo "${1##*/}: $2${3:+ ($3)}"; }; }

# 0: HAProxy answers. 1: refused. 2: no answer in time.
ask_haproxy() {
  # shellcheck disable=SC2016
  timeout 0.5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 1
    printf "GET /healthz HTTP/1.0\r\n\r\n" >&3 && IFS= read -r line <&3 && [[ $line == *" 200 "* ]] || exit 2' \
    "$HEALTH_PORT" 2>/dev/null
  case $? in 0) return 0 ;; 1) return 1 ;; *) return 2 ;; esac
}

watch_haproxy() {
  local good=0 bad=0 result
  while :; do
    result=0
    ask_haproxy || result=$?
    if [ $result = 0 ]; then
      bad=0 good=$((good + 1))
      if [ $good -ge 5 ]; then put "$RUN_DIR/haproxy" 0; fi
    else
      good=0 bad=$((bad + 1))
      if [ $bad -ge 2 ]; then
        if [ $result = 1 ]; then put "$RUN_DIR/haproxy" -254 "not there"; else put "$RUN_DIR/haproxy" -100 "no answer"; fi
      fi
      # A frozen process does not come back by itself; systemd starts a new one.
      if [ $result = 2 ] && [ $((bad % 10)) = 0 ]; then
        echo "HAProxy has not answered ten times: killing it"
        systemctl kill --signal=KILL haproxy.service
      fi
    fi
    if [ $result = 0 ]; then sleep 0.3; else sleep 0.1; fi
  done
}

ask_api() {
  printf 'GET /readyz?exclude=etcd&exclude=etcd-readiness HTTP/1.0\r\nHost: kubernetes\r\n\r\n' 2>/dev/null |
    timeout 1 openssl s_client -quiet -connect "127.0.0.1:$PORT" -CAfile /etc/haproxy/ca.crt \
      -verify_return_error -verify_hostname kubernetes 2>/dev/null | head -n 1 | grep -q ' 200 '
}

watch_api() {
  local good=0 bad=0
  while :; do
    if ask_api; then
      bad=0 good=$((good + 1))
      if [ $good -ge 3 ]; then put "$RUN_DIR/api" 0; fi
    else
      good=0 bad=$((bad + 1))
      if [ $bad -ge 3 ]; then put "$RUN_DIR/api" -20 "no apiserver is reached"; fi
    fi
    sleep 1
  done
}

# Before anything is known: no HAProxy, no API.
[ -s "$RUN_DIR/haproxy" ] || echo -254 >"$RUN_DIR/haproxy"
[ -s "$RUN_DIR/api" ] || echo -20 >"$RUN_DIR/api"
watch_haproxy &
watch_api &
wait -n
exit 1
