#!/bin/bash
# Starts this etcd member; the wait for all of them comes afterwards.
set -euo pipefail
systemctl reset-failed etcd.service 2>/dev/null || true
systemctl start --no-block etcd.service
systemctl start etcd-maintenance.timer
