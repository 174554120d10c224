#!/bin/bash
# Makes of a bare machine what the stack asks: who am I, is the clock right, the data volume (etcd),
# key material, machine files, and then `quorum-apply` as on every host. Each phase is idempotent and
# tried for as long as it takes, with backoff and jitter: a cloud that answers late is no failure.
set -uo pipefail
umask 022
. /etc/quorum/boot.env
boot=/usr/local/lib/quorum/boot
state=/var/lib/quorum
retryCapSeconds=${RETRY_CAP_SECONDS:-30}
reportSeconds=${REPORT_SECONDS:-30}
mkdir -p "$state" /run/quorum

# Phases are called with their own output taken away.
exec 3>&1

# report STATE WORDS: to console and journal, to a file, and to SSM when that answers.
said=
report() {
  [ "$said" != "$*" ] || return 0
  said=$*
  echo "quorum boot: $*" >&3
  echo "$1 $(date +%s) ${*:2}" >"$state/boot.new" && mv "$state/boot.new" "$state/boot"
  echo "$1 $(date -u +%Y-%m-%dT%H:%M:%SZ) ${INSTANCE_ID:-unknown} ${*:2}" |
    timeout 20 quorum-cloud put "$STATE_PARAMETER" 2>/dev/null || true
}

# persist PHASE: calls the function of that name until it succeeds.
persist() {
  local attempt=0 pause error
  until error=$("$1" 2>&1 >/dev/null); do
    report waiting "$1: $(tail -n 1 <<<"$error")"
    attempt=$((attempt < 10 ? attempt + 1 : 10))
    pause=$((1 << attempt))
    [ "$pause" -le "$retryCapSeconds" ] || pause=$retryCapSeconds
    # Half of it is chance: machines that were started together do not ask together.
    sleep "$((pause / 2)).$((RANDOM % 10))"
    sleep "$((RANDOM % (pause / 2 + 1)))"
  done
}

identity() {
  quorum-cloud identity >/run/quorum/identity.new && mv /run/quorum/identity.new /run/quorum/identity.env
}

# Certificates and leases need the right time. Containers have their host's.
clock() {
  ! systemd-detect-virt --container --quiet || return 0
  [ "$(timedatectl show --property=NTPSynchronized --value)" = yes ] || {
    echo "the clock is not synchronised" >&2
    return 1
  }
}

# The volume is the one with that id, and its file system the one made for this member. A file system
# is made only on a device without any signature, by two programs' word.
volume() {
  local id device wanted found status=0 signatures
  ! mountpoint -q "$MOUNT_POINT" || return 0
  id=$(quorum-cloud get "$VOLUME_PARAMETER") && device=$(quorum-cloud attach "$id") || return 1
  [ -b "$device" ] || {
    echo "$device is not there yet" >&2
    return 1
  }
  wanted=$(quorum-cloud uuid "$MEMBER.$DOMAIN") || return 1
  found=$(blkid -p -s UUID -o value "$device") || status=$?
  if [ "$status" = 2 ]; then
    signatures=$(wipefs --no-act --noheadings "$device") || return 1
    [ -z "$signatures" ] || {
      echo "$device carries something that is no file system: it is left alone" >&2
      return 1
    }
    mkfs.ext4 -q -m 0 -U "$wanted" "$device" || return 1
  elif [ "$found" != "$wanted" ]; then
    echo "$device is not this member's: it has ${found:-something else}, not $wanted" >&2
    return 1
  fi
  mount_volume "$device" "$wanted"
}

# After a reboot systemd mounts it, and etcd does not start without (RequiresMountsFor).
mount_volume() {
  local line="UUID=$2 $MOUNT_POINT ext4 noatime,nofail,x-systemd.device-timeout=10min 0 2"
  mkdir -p "$MOUNT_POINT"
  grep -qxF "$line" /etc/fstab 2>/dev/null || echo "$line" >>/etc/fstab
  systemctl daemon-reload
  mount -t ext4 -o noatime "$1" "$MOUNT_POINT" || return 1
  rmdir "$MOUNT_POINT/lost+found" 2>/dev/null || true
}

secrets() {
  local text
  text=$(quorum-cloud secrets "$SECRETS_PATH") || return 1
  [ "$(grep -c '^secret ' <<<"$text")" -ge "$SECRET_COUNT" ] || {
    echo "not all key material is in SSM yet" >&2
    return 1
  }
  "$boot/writeSecrets.sh" <<<"$text"
}

# The same text for every machine of a kind; what only this one knows is filled in here.
bundle() {
  local file=$state/bundle.$BUNDLE
  rm -f "$state"/bundle.*.new
  [ -s "$file" ] || quorum-cloud fetch "$BUCKET" "$ROLE/$BUNDLE" "$BUNDLE" "$file" || return 1
  sed -e "s/__INSTANCE_ID__/$INSTANCE_ID/g" -e "s/__ADDRESS__/$ADDRESS/g" -e "s/__ZONE__/$ZONE/g" "$file" |
    "$boot/unpack.sh"
}

# A unit that runs once is "activating" until it has ended.
applying() {
  case $(systemctl show -P ActiveState quorum-apply.service) in
    active | activating | deactivating | reloading) return 0 ;;
  esac
  return 1
}

# What quorum-apply says of its end, once it has ended.
applied() {
  local outcome
  while applying || [ ! -s "$state/outcome" ]; do
    # Not when it has just ended: what it says of its end would be lost, and all done once more.
    applying || [ -s "$state/outcome" ] || systemctl start --no-block quorum-apply.service
    report working "$(cat "$state/doing" 2>/dev/null || echo starting)"
    sleep 2
  done
  outcome=$(cut -d ' ' -f 2- "$state/outcome")
  [ "$outcome" = ok ] || {
    rm -f "$state/outcome"
    echo "$outcome" >&2
    return 1
  }
}

# An etcd member that may not start says why, for as long as it lasts.
watch() {
  local decision
  while :; do
    if [ "$ROLE" != etcd ] || systemctl is-active --quiet etcd.service; then
      report ready "all steps are done"
    else
      decision=$(cat /run/quorum/etcd/decision 2>/dev/null || echo "etcd does not run")
      report waiting "etcd: $decision"
    fi
    sleep "$reportSeconds"
  done
}

persist identity
. /run/quorum/identity.env
report working "this is $INSTANCE_ID at $ADDRESS in $ZONE"
persist clock
if [ "$ROLE" = etcd ]; then persist volume; fi
persist secrets
persist bundle
persist applied
watch
