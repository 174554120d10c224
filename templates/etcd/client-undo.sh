#!/bin/bash
# The step "etcd-client" undone.
systemctl disable --quiet --now quorum-etcd-marker.socket
rm -rf /var/lib/quorum/etcd
