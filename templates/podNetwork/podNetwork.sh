#!/bin/bash
# Step "pod-network": address translation and routes in force, and kept so by systemd.
set -euo pipefail
systemctl daemon-reload
systemctl enable --quiet quorum-pod-network.service quorum-pod-routes.service
case "$QUORUM_CHANGED" in
  *pod-network.nft*) systemctl reload-or-restart quorum-pod-network.service ;;
esac
systemctl start quorum-pod-network.service
case "$QUORUM_CHANGED" in
  *odRoutes* | *pod-routes* | *conflist*) systemctl restart quorum-pod-routes.service ;;
  *) systemctl start quorum-pod-routes.service ;;
esac
