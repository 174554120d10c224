#!/bin/sh
# Waits until quorum-apply has carried out the bundle whose digest is read from standard input, tells
# what happens meanwhile, and fails with the line that says why.
set -eu
state=${QUORUM_MACHINE_STATE:-/var/lib/quorum}
read -r digest
[ "$(cat "$state/outcome" 2>/dev/null)" = "$digest ok" ] && exit 0

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
    [ "$verdict" = ok ] && exit 0
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
