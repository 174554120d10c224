#!/bin/sh
# Runs one lab machine until it is powered off, and starts it again when it reboots.
#
#   unshare --mount supervise.sh LABS MACHINE CGROUPS NAMESPACE ADDRESS GATEWAY COMMAND…
#
# LABS, MACHINE: folder of all labs, and of this machine.
# ADDRESS: with its prefix length.
# CGROUPS: space-separated cgroup directories that hold the machine and nothing else.
# COMMAND: systemd-nspawn and its arguments.
set -u

labs=$1 machine=$2 cgroups=$3 namespace=$4 address=$5 gateway=$6
shift 6

# join LEAF PID: on cgroup v2 a cgroup with controllers and children holds no process itself, so
# there the supervisor and the machine each have a leaf.
join() {
	for cgroup in $cgroups; do
		[ ! -d "$cgroup/$1" ] || cgroup=$cgroup/$1
		echo "$2" >"$cgroup/cgroup.procs" || exit 1
	done
}

join supervisor $$

# systemd-nspawn hides the mounts of this computer from the machine, but keeps them. A disk or a
# network of another machine would then live on, held by this one, after it was switched off.
awk '{ print $5 }' /proc/self/mountinfo | while read -r point; do
	case $point in
	"$machine"/* | "/run/netns/$namespace") ;;
	"$labs"/* | /run/netns/*) umount --lazy "$point" ;;
	esac
done

# A booting machine finds its network card with its own address and nothing else.
reset_network() {
	for link in $(ip -n "$namespace" -o link show | sed 's/^[0-9]*: //; s/[@:].*//'); do
		case $link in
		lo | eth0) ;;
		*) ip -n "$namespace" link delete "$link" 2>/dev/null ;;
		esac
	done
	ip netns exec "$namespace" nft flush ruleset
	ip -n "$namespace" link set lo up
	ip -n "$namespace" address flush dev eth0 &&
		ip -n "$namespace" address add "$address" dev eth0 &&
		ip -n "$namespace" link set eth0 up &&
		ip -n "$namespace" route replace default via "$gateway"
}

# Each start plugs in a new card: by its address it stays the same one, or others would go on sending to
# the old one for as long as their neighbour tables last.
# shellcheck disable=SC2046,SC2183 # four numbers
card=$(printf '02:00:%02x:%02x:%02x:%02x' $(echo "${address%/*}" | tr . ' '))
ip -n "$namespace" link set eth0 address "$card" || exit 1

rebooted=133 # exit code by which systemd-nspawn asks to be started again
while :; do
	reset_network || exit 1
	(
		# shellcheck disable=SC2016 # the inner shell knows the number of this one
		join machine "$(sh -c 'echo "$PPID"')"
		exec "$@"
	)
	code=$?
	[ "$code" -eq "$rebooted" ] || exit "$code"
	for cgroup in $cgroups; do
		[ ! -d "$cgroup/machine" ] || cgroup=$cgroup/machine
		find "$cgroup" -mindepth 1 -depth -type d -exec rmdir {} \; 2>/dev/null
	done
done
