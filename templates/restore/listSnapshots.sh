#!/bin/bash
# Snapshots on this control plane, one path per line, oldest first.
find /var/lib/quorum/snapshots -maxdepth 1 -name 'etcd-*.db' 2>/dev/null | sort
