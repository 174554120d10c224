#!/bin/bash
# Step "lifecycle": this machine hears when it is to go.
set -euo pipefail
systemctl daemon-reload
systemctl enable --quiet quorum-lifecycle.service
case "$QUORUM_CHANGED" in
  *ifecycle*) systemctl restart --no-block quorum-lifecycle.service ;;
  *) systemctl start --no-block quorum-lifecycle.service ;;
esac
