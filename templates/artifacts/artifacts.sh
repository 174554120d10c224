#!/bin/bash
# Step "artifacts": programs of official releases, fetched once, held against their SHA-256, put in
# place whole or not at all. Reads /etc/quorum/artifacts: "digest url target [member …]" a line.
set -euo pipefail
fetched=${QUORUM_MACHINE_STATE:-/var/lib/quorum}/artifacts
mkdir -p "$fetched"
work=$(mktemp -d "$fetched/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT

fetch() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --retry 5 --retry-connrefused --max-time 600 -o "$2" "$1"
  else
    wget --quiet --tries 5 --timeout 60 -O "$2" "$1"
  fi
}

# place FILE TARGET: a running program keeps the old file until it is restarted.
place() {
  install -D -m 0755 "$1" "$2.quorum-new"
  mv -T "$2.quorum-new" "$2"
}

while read -r digest url target members; do
  # Where it went is part of the note: another target is another job.
  note=$fetched/$digest
  if [ "$(cat "$note" 2>/dev/null)" = "$target $members" ]; then continue; fi
  echo "fetching $url"
  fetch "$url" "$work/file" || { echo "cannot fetch $url" >&2; exit 1; }
  if [ "$(sha256sum "$work/file" | cut -d ' ' -f 1)" != "$digest" ]; then
    echo "$url is not what was vouched for: its SHA-256 is $(sha256sum "$work/file" | cut -d ' ' -f 1), not $digest" >&2
    exit 1
  fi
  if [ -z "$members" ]; then
    place "$work/file" "$target"
  else
    mkdir "$work/tar"
    # shellcheck disable=SC2086 # members are words
    tar -xzf "$work/file" -C "$work/tar" --no-same-owner $members
    for member in $members; do place "$work/tar/$member" "$target/${member##*/}"; done
    rm -rf "$work/tar"
  fi
  echo "$target $members" >"$note"
  rm -f "$work/file"
done <"${QUORUM_ARTIFACTS:-/etc/quorum/artifacts}"
