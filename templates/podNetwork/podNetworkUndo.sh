#!/bin/bash
# Takes back what the step "pod-network" has done.
systemctl disable --now --quiet quorum-pod-routes.service quorum-pod-network.service
ip route flush proto 186
nft delete table ip quorum_pods 2>/dev/null || true
rm -f /etc/cni/net.d/10-quorum.conflist /var/lib/quorum/pod-routes
