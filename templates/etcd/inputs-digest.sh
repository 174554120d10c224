#!/bin/bash
# Digest of all that etcd reads only at its start; differs from that of the running etcd when a
# restart is owed. Leaf certificates are read for every connection and so are not part of it.
set -euo pipefail
# shellcheck source=/dev/null
. "${QUORUM_ETCD_ENV:-/etc/quorum/etcd/member.env}"
sha256sum "$CONFIG_FILE" "$PKI_DIR/peer-ca.crt" "$PKI_DIR/client-ca.crt" \
  "${QUORUM_ETCD_UNIT:-/etc/systemd/system/etcd.service}" "$(command -v etcd)" | sha256sum | cut -d ' ' -f 1
