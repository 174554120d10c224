#!/bin/bash
# Runs a command while holding a lock in etcd:
#   quorum-with-lock [--ttl SECONDS] KEY COMMAND [ARGUMENT ...]
# Waits for the lock for as long as it takes. `etcdctl lock` lets its command run on when the lease
# is lost; here the command is then ended (exit status 75). Its standard input is empty. A machine that
# lost its power while it held the lock does not wait for its own lease to run out.
# Default ttl: 60.
set -euo pipefail

ttl=60
if [ "${1:-}" = --ttl ]; then ttl=$2; shift 2; fi
if [ $# -lt 2 ]; then echo "usage: quorum-with-lock [--ttl SECONDS] KEY COMMAND ..." >&2; exit 64; fi

# Names the lease of this machine's holder, which has the file locked for as long as it or its command lives.
record=${QUORUM_LOCK_RECORDS:-/var/lib/quorum/locks}/${1//\//.}

# Without it, everyone would wait until the lease of a dead holder runs out.
end_lease_of_dead_holder() {
  local lease
  mkdir -p "${record%/*}"
  exec 8>>"$record"
  if flock --nonblock 8; then
    lease=$(cat "$record")
    if [ -n "$lease" ]; then
      etcdctl --command-timeout=5s lease revoke "$lease" >/dev/null 2>&1 || true
    fi
  fi
  exec 8>&-
}

if [ "${QUORUM_LOCK_INNER:-}" != "$1" ]; then
  set -a
  # shellcheck source=/dev/null
  . "${QUORUM_ETCD_CLIENT_ENV:-/etc/quorum/etcd/client.env}"
  set +a
  export QUORUM_LOCK_INNER=$1
  end_lease_of_dead_holder
  exec etcdctl lock --ttl "$ttl" "quorum/lock/$1" -- "$0" --ttl "$ttl" "$@"
fi

key=$1
shift
unset QUORUM_LOCK_INNER
exec 8>>"$record"
flock 8
echo "${ETCD_LOCK_KEY##*/}" >"$record"
sync "$record"

# A process group of its own, so that the command's children end with it.
set -m
"$@" &
command=$!
set +m
end() { kill "-$1" -- "-$command" 2>/dev/null || true; }
lost=
trap 'end TERM' TERM INT HUP
trap 'lost=yes' USR1

watch_lease() {
  local seen=$SECONDS answer
  # `read` on a pipe that never speaks: a sleep without a process to clean up.
  exec 9<> <(:)
  while ! read -r -t $((ttl / 6 + 1)) -u 9; do
    if answer=$(etcdctl --command-timeout=$((ttl / 6 + 1))s get --print-value-only=false "$ETCD_LOCK_KEY" 2>/dev/null); then
      if [ -z "$answer" ]; then break; fi
      seen=$SECONDS
    fi
    # No answer for so long that the lease may be gone.
    if [ $((SECONDS - seen)) -ge $((ttl / 2)) ]; then break; fi
  done
  echo "the lock $key is lost: ending the command" >&2
  kill -USR1 $$
  end TERM
  read -r -t 10 -u 9 || true
  end KILL
}
watch_lease 8>&- &
watcher=$!

result=0
wait "$command" || result=$?
# A trapped signal ends the first wait before the command has ended.
while kill -0 "$command" 2>/dev/null; do wait "$command" || result=$?; done
if [ -n "$lost" ]; then result=75; fi
kill "$watcher" 2>/dev/null || true
: >"$record"
exit "$result"
