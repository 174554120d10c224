#!/bin/sh
# Looks at a bare host and tells everything that would make it fail later, all at once.
# Reads lines "<name> <value…>" from standard input:
#   machine NAME ADDRESS, commands COMMAND…, memory MIB, ports PORT…, disk PATH GIB,
#   volumes DIRECTORY COUNT GIB, kubernetes-node, version PROGRAM VERSION, downloader
# Changes nothing. What an earlier run of Quorum started is not held against the host.
set -u
problems=
problem() {
  problems="$problems
  $machine: $1"
}
machine="this host"
ours=no
[ -e /var/lib/quorum/current ] && ours=yes
in_container=no
systemd-detect-virt --quiet --container 2>/dev/null && in_container=yes

check_address() {
  ip -4 -o address show 2>/dev/null | grep -qw "inet $1" ||
    hostname -I 2>/dev/null | tr ' ' '\n' | grep -qx "$1" ||
    problem "no network interface has the address $1: correct the stack file or the host"
}

# Listening TCP ports from /proc/net/tcp and tcp6: no tool for it need be installed.
listening() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$(printf '%04X' "$1")" '
    $4 == "0A" && substr($2, length($2) - 3) == port { found = 1 } END { exit !found }'
}

check_ports() {
  [ "$ours" = no ] || return 0
  for port in "$@"; do
    ! listening "$port" || problem "TCP port $port is in use: stop what listens there"
  done
}

check_memory() {
  have=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
  [ "$have" -ge "$1" ] || problem "has $have MiB of memory, needs $1"
}

# A directory that does not exist yet counts as the file system that would hold it.
check_disk() {
  path=$1
  while [ ! -d "$path" ]; do path=$(dirname "$path"); done
  free=$(df -Pk "$path" | awk 'NR == 2 { print int($4 / 1048576) }')
  [ "$free" -ge "$2" ] || problem "$1 has $free GiB free, needs $2"
  [ -w "$path" ] || problem "$1 is on a read-only file system"
}

# DIRECTORY COUNT GIB: volumes need disks other than the machine's own, one for all or one for each.
# A tenth of a disk may go to its file system.
check_volumes() {
  own=$(stat -c %d /)
  number=0
  while [ "$number" -lt "$2" ]; do
    volume=$1/volume-$number
    number=$((number + 1))
    path=$volume
    while [ ! -d "$path" ]; do path=$(dirname "$path"); done
    if [ "$(stat -c %d "$path")" = "$own" ]; then
      problem "$volume would be on the machine's own disk: mount another one there, or at $1"
      return
    fi
    where=$(df -Pk "$path" | awk 'NR == 2 { print $6 }')
    needs=$3
    [ "$where" = "$volume" ] || needs=$(($2 * $3))
    have=$(df -Pk "$path" | awk 'NR == 2 { print int($2 / 1024) }')
    [ $((have * 10)) -ge $((needs * 1024 * 9)) ] || {
      problem "the disk of $volume has $have MiB, needs $((needs * 1024))"
      return
    }
  done
}

check_commands() {
  for command in "$@"; do
    command -v "$command" >/dev/null 2>&1 ||
      problem "$command is missing: install it (source \"download\" brings only Kubernetes, etcd and containerd)"
  done
}

check_version() {
  command -v "$1" >/dev/null 2>&1 || {
    problem "$1 is missing; artifacts \"preinstalled\" expects version $2 of it"
    return
  }
  case $1 in
    kubeadm) is=$("$1" version -o short 2>&1) ;;
    kubectl) is=$("$1" version --client 2>&1) ;;
    etcdctl | etcdutl) is=$("$1" version 2>&1) ;;
    *) is=$("$1" --version 2>&1) ;;
  esac
  case " $(echo "$is" | tr '\n' ' ')" in
    *[!0-9.]"$2"[!0-9.]*) ;;
    *) problem "$1 is \"$(echo "$is" | head -n 1)\", not $2" ;;
  esac
}

check_kernel() {
  release=$(uname -r)
  major=${release%%.*}
  minor=${release#*.}
  minor=${minor%%[!0-9]*}
  if [ "$major" -lt 5 ] || { [ "$major" -eq 5 ] && [ "$minor" -lt 13 ]; }; then
    problem "runs kernel $release; kube-proxy's nftables mode needs 5.13 or later"
  fi
  for controller in cpu cpuset memory pids; do
    grep -qw "$controller" /sys/fs/cgroup/cgroup.controllers 2>/dev/null && continue
    [ -w "/sys/fs/cgroup/$controller" ] || problem "the cgroup controller $controller is not available"
  done
  [ "$(awk 'NR > 1' /proc/swaps | wc -l)" = 0 ] || [ "$in_container" = yes ] ||
    problem "swap is on: swapoff -a and take it out of /etc/fstab"
}

# A container has its host's clock. Elsewhere something must keep it: certificates and leases need that.
check_clock() {
  [ "$in_container" = no ] || return 0
  [ "$(timedatectl show --property=NTPSynchronized --value 2>/dev/null)" = yes ] ||
    problem "the clock is not synchronised: start chrony or systemd-timesyncd and wait for it"
}

check_init() {
  [ "$(cat /proc/1/comm)" = systemd ] || problem "does not run systemd"
  [ "$(id -u)" = 0 ] || problem "the SSH user is not root and could not become it by sudo"
  for place in /etc /usr/local/bin /var/lib; do
    [ -w "$place" ] || problem "$place is not writable"
  done
}

while read -r what rest; do
  # shellcheck disable=SC2086 # words on purpose
  case $what in
    machine)
      machine=${rest% *}
      check_init
      check_clock
      check_address "${rest#* }"
      ;;
    kubernetes-node) check_kernel ;;
    ports) check_ports $rest ;;
    memory) check_memory $rest ;;
    disk) check_disk $rest ;;
    volumes) check_volumes $rest ;;
    commands) check_commands $rest ;;
    version) check_version $rest ;;
    downloader)
      command -v curl >/dev/null 2>&1 || command -v wget >/dev/null 2>&1 ||
        problem "neither curl nor wget is there to fetch the artifacts"
      ;;
    *) problem "preflight does not know \"$what\"" ;;
  esac
done

if [ -n "$problems" ]; then
  echo "quorum: $machine is not ready:$problems" >&2
  # So that the checks of the other hosts, which run at the same time, tell theirs as well.
  sleep 3
  exit 1
fi
