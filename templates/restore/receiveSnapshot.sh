#!/bin/bash
# Takes the snapshot from standard input, unless it is here already.
set -euo pipefail
umask 077

folder=/var/lib/quorum/restore
install -d -m 0700 "$folder"
cd "$folder"
# A call that lost its caller may still be at work.
exec 9>lock
flock 9
has() { [ -e "$1" ] && [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$SHA256" ]; }
if has snapshot.db; then
  cat >/dev/null
  exit 0
fi
cat >snapshot.new
has snapshot.new || { echo "the snapshot did not arrive whole" >&2; exit 1; }
sync snapshot.new
mv snapshot.new snapshot.db
