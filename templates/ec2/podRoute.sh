# shellcheck shell=bash
# Pods of nodes in other subnets by an overlay of the kernel's own. A node's link address follows from
# its IPv4 address and its gateway is the first address of its range, so nobody has to be asked.
# Sourced by podRoutes.sh.
overlay=quorum-pods
port=8472
. /etc/quorum/machine.env
is_far() { return 1; }
# Where workers stand in other places too.
[ ! -f /usr/local/lib/quorum/farNodes.sh ] || . /usr/local/lib/quorum/farNodes.sh

link_address() {
  local a b c d
  IFS=. read -r a b c d <<<"$1"
  printf '02:71:%02x:%02x:%02x:%02x' "$a" "$b" "$c" "$d"
}

make_overlay() {
  local mtu device
  ip link show dev "$overlay" >/dev/null 2>&1 && return 0
  device=$(ip -o -4 address show | awk -v address="$ADDRESS" 'index($4, address "/") == 1 { print $2; exit }')
  mtu=$(cat "/sys/class/net/$device/mtu")
  ip link add "$overlay" address "$(link_address "$ADDRESS")" mtu $((mtu - 50)) type vxlan \
    id 1 dstport "$port" local "$ADDRESS" dev "$device" nolearning
  ip link set "$overlay" up
}

# own_range RANGE: packets of this machine itself to pods come from the range's first address.
own_range() {
  make_overlay
  ip address replace "${1%/*}/32" dev "$overlay"
}

# route RANGE ADDRESS
route() {
  local gateway=${1%/*} link size=()
  link=$(link_address "$2")
  make_overlay
  bridge fdb replace "$link" dev "$overlay" dst "$2" self permanent
  ip neigh replace "$gateway" lladdr "$link" dev "$overlay" nud permanent
  # Packets that are too large for the way are refused here, where their sender hears of it.
  if is_far "$2"; then size=(mtu "$FAR_MTU"); fi
  # shellcheck disable=SC2154 # of the script that sources this
  ip route replace "$1" via "$gateway" dev "$overlay" onlink "${size[@]}" proto "$protocol"
}
