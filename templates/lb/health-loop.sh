#!/bin/bash
# Decides every two seconds what HAProxy's agent check is told of this machine's apiserver.
# "down" only when /readyz as a whole, which reads from etcd, has failed three times here while
# another apiserver's is good: the last apiserver is never ejected, and an election ejects none.
set -uo pipefail

# shellcheck source=/dev/null
. /etc/quorum/api-health/agent.env
answer=/run/quorum/api-health/answer

ready() {
  printf 'GET /readyz HTTP/1.0\r\nHost: kubernetes\r\n\r\n' |
    timeout 3 openssl s_client -quiet -connect "$1:$PORT" -CAfile /etc/kubernetes/pki/ca.crt \
      -verify_return_error -verify_hostname kubernetes 2>/dev/null | head -n 1 | grep -q ' 200 '
}

another_is_ready() {
  local other
  for other in $OTHERS; do
    if ready "$other"; then return 0; fi
  done
  return 1
}

failures=0
while :; do
  if ready "$ADDRESS"; then failures=0; else failures=$((failures + 1)); fi
  if [ $failures -ge 3 ] && another_is_ready; then verdict=down; else verdict=up; fi
  [ "$(cat "$answer" 2>/dev/null)" = $verdict ] || echo "the load balancers are told: $verdict"
  # Written anew each time: the answer counts only while it is fresh.
  echo $verdict >"$answer"
  sleep 2
done
