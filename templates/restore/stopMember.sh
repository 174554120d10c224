#!/bin/bash
# Stops this etcd member. May be repeated.
set -euo pipefail
# What makes the machine would start etcd again, in the middle.
for unit in quorum-boot.service quorum-apply.service; do
  if systemctl is-active --quiet "$unit"; then systemctl stop "$unit"; fi
done
systemctl stop etcd-maintenance.timer etcd-maintenance.service etcd-settle.service etcd.service
