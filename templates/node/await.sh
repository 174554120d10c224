#!/bin/sh
# Waits until quorum-apply has carried out the bundle whose digest is read from standard input and the
# host's node is Ready, tells what happens meanwhile, and fails with the line that says why.
set -eu
state=${QUORUM_MACHINE_STATE:-/var/lib/quorum}
kubeconfig=/etc/kubernetes/kubelet.conf
read -r digest

node_ready() {
  [ "$(kubectl --kubeconfig "$kubeconfig" --request-timeout 5s get node "$NODE_NAME" \
    -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]
}

# No node becomes Ready before its pod network, and only ours is there already: a chart comes later.
done_when_ready() {
  [ -f "$kubeconfig" ] && [ -f /etc/quorum/pod-network.conflist ] || exit 0
  . /etc/quorum/machine.env
  waits=0
  until node_ready; do
    waits=$((waits + 1))
    if [ "$waits" -gt 120 ]; then
      echo "quorum: node $NODE_NAME is not Ready; see kubectl describe node $NODE_NAME" >&2
      exit 1
    fi
    sleep 1
  done
  exit 0
}

[ "$(cat "$state/outcome" 2>/dev/null)" != "$digest ok" ] || done_when_ready

busy() {
  case "$(systemctl show -P ActiveState quorum-apply.service)" in
    activating | deactivating | reloading) return 0 ;;
  esac
  return 1
}
if ! busy; then
  rm -f "$state/outcome"
  systemctl reset-failed quorum-apply.service 2>/dev/null || true
  systemctl start --no-block quorum-apply.service
fi

told=
idle=0
while :; do
  now=$(cat "$state/doing" 2>/dev/null || true)
  if [ "$now" != "$told" ]; then
    [ -z "$now" ] || echo "$now"
    told=$now
  fi
  of=
  [ ! -f "$state/outcome" ] || read -r of verdict <"$state/outcome"
  if [ "$of" = "$digest" ]; then
    [ "$verdict" != ok ] || done_when_ready
    echo "quorum: $verdict" >&2
    exit 1
  fi
  if busy; then
    idle=0
  else
    idle=$((idle + 1))
    if [ "$idle" -gt 10 ]; then
      echo "quorum: quorum-apply ended without a word; see journalctl -u quorum-apply" >&2
      exit 1
    fi
  fi
  sleep 0.5
done
