#!/bin/sh
# Last touch on the host image: customize.sh ROOT. Run by mmdebstrap when all packages are in.
set -eu
root=$1

# Every machine gets its own.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/machine-id" "$root/etc/resolv.conf" "$root/etc/hostname"
: >"$root/etc/machine-id"
# Provisioning decides what runs, not the package that brought it.
for unit in haproxy keepalived chrony cron nftables; do
	chroot "$root" systemctl disable --quiet "$unit" 2>/dev/null || true
done
# Nothing of its own accord: no package updates, no trims.
timers="apt-daily apt-daily-upgrade e2scrub_all fstrim dpkg-db-backup man-db"
for timer in $timers; do
	ln -sf /dev/null "$root/etc/systemd/system/$timer.timer"
done
ln -sf /dev/null "$root/etc/systemd/system/e2scrub_reap.service"
mkdir -p "$root/var/log/journal" "$root/opt/cni/bin"
rm -rf "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/*
