#!/bin/bash
# Step "local-volumes": a directory for each volume, on a disk other than the machine's own.
# A volume that was made is never made again: an empty directory in its place would look like data
# that is gone, while its disk is only not mounted.
set -euo pipefail
# shellcheck source=/dev/null
. "${QUORUM_VOLUMES_ENV:-/etc/quorum/local-volumes.env}"
made=${QUORUM_MACHINE_STATE:-/var/lib/quorum}/local-volumes
own=$(stat -c %d "${QUORUM_ROOT_DIR:-/}")
touch "$made"

# Device of a directory, or of the nearest one above it that is there.
device() {
  local path=$1
  while [ ! -d "$path" ]; do path=$(dirname "$path"); done
  stat -c %d "$path"
}

for ((number = 0; number < VOLUMES; number++)); do
  volume=$VOLUMES_DIR/volume-$number
  if [ ! -d "$volume" ] && grep -qxF "$volume" "$made"; then
    echo "$volume is gone: mount its disk. If its data is lost for good, take its line out of $made" >&2
    exit 1
  fi
  if [ "$(device "$volume")" = "$own" ]; then
    echo "$volume is on the machine's own disk: mount another one there, or at $VOLUMES_DIR" >&2
    exit 1
  fi
  mkdir -p "$volume"
  sync --file-system "$volume"
  grep -qxF "$volume" "$made" || echo "$volume" >>"$made"
done
sync "$made"
