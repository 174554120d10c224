#!/bin/sh
# Takes key material from standard input to /etc/quorum/pki: "secret <name> <lines>" and that many
# lines each, last "end". Nothing is printed but the count of what changed.
set -eu
umask 077
pki=${QUORUM_ROOTS:-/etc/quorum/pki}
state=${QUORUM_MACHINE_STATE:-/var/lib/quorum}
[ "$(id -u)" = 0 ] || {
  echo "quorum: this needs root" >&2
  exit 1
}
mkdir -p "$pki"
chmod 0700 "$pki"
new=$(mktemp -d "$pki/.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
awk -v dir="$new" '
  left > 0 { print > out; if (--left == 0) close(out); next }
  $1 == "secret" && NF == 3 && $2 ~ /^[a-z][a-z0-9.-]*$/ && $3 > 0 { out = dir "/" $2; left = $3; next }
  $0 == "end" { complete = 1; next }
  { exit 1 }
  END { if (!complete) { print "quorum: the key material arrived incomplete" > "/dev/stderr"; exit 1 } }
'

changed=0
mkdir -p "$state/changed"
# Every step hears of a changed secret: which step uses it is not known here.
mark() {
  changed=$((changed + 1))
  [ -f "$state/current/steps" ] || return 0
  while read -r step _; do
    echo "$1" >>"$state/changed/$step"
  done <"$state/current/steps"
}
for file in "$pki"/*; do
  [ -e "$file" ] || continue
  [ -e "$new/${file##*/}" ] && continue
  mark "$file"
  rm "$file"
done
for file in "$new"/*; do
  [ -e "$file" ] || continue
  cmp -s "$file" "$pki/${file##*/}" && continue
  mark "$pki/${file##*/}"
  mv "$file" "$pki/"
done
if [ "$changed" -gt 0 ] && [ -f "$state/current/steps" ]; then
  systemctl start --no-block quorum-apply.service
fi
echo "secrets changed: $changed"
