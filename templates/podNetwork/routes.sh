#!/bin/bash
# Keeps this machine's routes to the pods of the other nodes: each Node's range (given out by the
# controller manager) by way of the Node's address. Writes the CNI configuration for its own range.
# Adding a worker changes no file here: the API server tells of it. While no API server answers, the
# kernel keeps the routes; after a reboot they come back from the last copy.
set -euo pipefail
. /etc/quorum/machine.env
kubeconfig=/etc/quorum/host.kubeconfig
state=/var/lib/quorum/pod-routes
protocol=186 # any number of our own: "ip route show proto 186" lists what is ours
fields='{.metadata.name} {.spec.podCIDR} {.status.addresses[?(@.type=="InternalIP")].address}{"\n"}'

write_cni() {
  local file=/etc/cni/net.d/10-quorum.conflist
  mkdir -p "${file%/*}"
  sed "s|POD_RANGE|$1|" /etc/quorum/pod-network.conflist >"$file.new"
  if cmp -s "$file.new" "$file"; then rm "$file.new"; else mv "$file.new" "$file"; fi
}

# own_range RANGE: what else this machine's own range asks for.
own_range() { :; }

# route RANGE ADDRESS
route() { ip route replace "$1" via "$2" proto "$protocol"; }

# Where nodes stand in different networks, routes are made otherwise.
[ ! -f /usr/local/lib/quorum/podRoute.sh ] || . /usr/local/lib/quorum/podRoute.sh

# node NAME RANGE ADDRESS
node() {
  [ -n "${2:-}" ] && [ -n "${3:-}" ] || return 0
  if [ "$1" = "$NODE_NAME" ]; then
    own_range "$2"
    write_cni "$2"
  else
    route "$2" "$3" ||
      echo "no route to the pods of $1: is $3 on a network of this machine?" >&2
  fi
}

# All nodes at once, from a file: routes of nodes that are gone go.
reconcile() {
  local name range address
  while read -r name range address; do node "$name" "$range" "$address"; done <"$1"
  ip -o route show proto "$protocol" | while read -r range _; do
    awk -v range="$range" '$2 == range { found = 1 } END { exit !found }' "$1" ||
      ip route del "$range" proto "$protocol"
  done
}

[ ! -s "$state" ] || reconcile "$state"
# Before this machine has joined there is nobody to ask.
until [ -s /etc/kubernetes/kubelet.conf ]; do sleep 1; done
until kubectl --kubeconfig "$kubeconfig" --request-timeout 10s get nodes \
  -o "jsonpath={range .items[*]}$fields{end}" >"$state.new" 2>/dev/null; do
  sleep 2
done
mv "$state.new" "$state"
reconcile "$state"
echo "$(wc -l <"$state") nodes"

kubectl --kubeconfig "$kubeconfig" get nodes --watch --output-watch-events \
  -o "jsonpath={.type} {.object.metadata.name} {.object.spec.podCIDR} {.object.status.addresses[?(@.type==\"InternalIP\")].address}{\"\n\"}" |
  while read -r event name range address; do
    if [ "$event" = DELETED ]; then
      [ -z "${address:-}" ] || ip route del "$range" proto "$protocol" 2>/dev/null || true
      sed -i "/^$name /d" "$state"
    elif ! grep -qxF "$name $range ${address:-}" "$state"; then
      node "$name" "$range" "${address:-}"
      sed -i "/^$name /d" "$state"
      echo "$name $range ${address:-}" >>"$state"
    fi
  done
