#!/bin/bash
# What this etcd machine knows of an earlier restore: "TOKEN SHA256 PHASE", or nothing.
cat /var/lib/quorum/restore/current 2>/dev/null || true
