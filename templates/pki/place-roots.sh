#!/bin/bash
# Puts root key material where programs look for it, as listed in the file given:
# lines of "root form mode owner path"; form "public-key" takes the public half of a key.
set -euo pipefail
umask 077

roots=${QUORUM_ROOTS:-/etc/quorum/pki}
work=$(mktemp)
trap 'rm -f "$work"' EXIT

while read -r root form mode owner path; do
  [ -n "$root" ] || continue
  if [ ! -s "$roots/$root" ]; then
    echo "root $root is missing in $roots" >&2
    exit 1
  fi
  case $form in
    whole) cat "$roots/$root" >"$work" ;;
    public-key) openssl pkey -in "$roots/$root" -pubout -out "$work" ;;
    *) echo "unknown form $form of $root" >&2; exit 1 ;;
  esac
  if ! cmp -s "$work" "$path"; then
    install -d -m 0755 "$(dirname "$path")"
    install -o "$owner" -g "$owner" -m "$mode" "$work" "$path.new"
    mv "$path.new" "$path"
    echo "placed $path"
  fi
done <"$1"
