#!/bin/bash
# Verifies the snapshot that was received, and prints its revision.
set -euo pipefail
status=$(etcdutl snapshot status /var/lib/quorum/restore/snapshot.db -w fields) ||
  { echo "etcdutl cannot read the snapshot" >&2; exit 1; }
sed -n 's/^"Revision" : //p' <<<"$status"
