#!/bin/bash
# The step "etcd" undone: the member leaves its cluster if that still has a quorum, and stops. Its
# data stay beside, as member.removed; the next cluster on this machine is a new one.
set -u

library=/usr/local/lib/quorum/etcd
# shellcheck source=/dev/null
. /etc/quorum/etcd/member.env
# shellcheck source=templates/etcd/members.sh
. "$library/members.sh"

systemctl disable --quiet --now etcd-maintenance.timer etcd-maintenance.service quorum-etcd-marker.socket
systemctl stop etcd-settle.service
if list=$(member_list 2>/dev/null); then
  mine=$(entry_of_me "$list")
  if [ -n "$mine" ]; then ask "$OTHER_CLIENT_URLS" member remove "$(field 1 "$mine")" >/dev/null 2>&1; fi
fi
systemctl disable --quiet --now etcd.service

if [ -e "$DATA_DIR/member" ]; then
  rm -rf "$DATA_DIR/member.removed" "$DATA_DIR/member.aside"
  mv "$DATA_DIR/member" "$DATA_DIR/member.removed"
fi
rm -f "$DATA_DIR/member-id"
rm -rf "$STATE_DIR" "$RUN_DIR" /etc/etcd
