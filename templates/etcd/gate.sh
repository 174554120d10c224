#!/bin/bash
# Whether this etcd member may be taken down now: all others are healthy.
exec /usr/local/lib/quorum/etcd/wait-healthy.sh 120 --others
