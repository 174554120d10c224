#!/bin/bash
# Stops this etcd member. May be repeated.
set -euo pipefail
systemctl stop etcd-maintenance.timer etcd-maintenance.service etcd-settle.service etcd.service
