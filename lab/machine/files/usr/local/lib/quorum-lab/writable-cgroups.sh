#!/bin/sh
# systemd-nspawn mounts the cgroup v1 controllers read-only; kubelet and containerd make cgroups in them.
set -eu
mount -o remount,bind,rw /sys/fs/cgroup
for controller in /sys/fs/cgroup/*/; do
	mount -o remount,bind,rw "${controller%/}"
done
