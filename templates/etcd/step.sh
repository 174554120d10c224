#!/bin/bash
# Step "etcd": this member runs with its present configuration and is healthy. On first boot,
# while other machines are not there yet, "waiting for them" is all that can be had: then the step
# is done, and the control planes wait for the whole cluster.
set -euo pipefail

library=/usr/local/lib/quorum/etcd
# shellcheck source=/dev/null
. /etc/quorum/etcd/member.env
# shellcheck source=templates/etcd/members.sh
. "$library/members.sh"

install -d -m 0700 -o etcd -g etcd "$DATA_DIR"
systemctl daemon-reload
systemctl enable --quiet etcd.service
systemctl enable --quiet --now quorum-etcd-marker.socket etcd-maintenance.timer

restart_is_owed() { [ "$("$library/inputs-digest.sh")" != "$(cat "$RUN_DIR/started" 2>/dev/null)" ]; }

case $(systemctl is-active etcd.service || true) in
  active)
    if restart_is_owed; then quorum-with-lock roll/etcd-member "$library/restart.sh"; fi
    ;;
  activating)
    # Still deciding, or waiting for its peers: nobody depends on it.
    if restart_is_owed; then systemctl restart --no-block etcd.service; fi
    ;;
  *) systemctl start --no-block etcd.service ;;
esac

someone_is_missing() {
  local member
  [ ! -e "$STATE_DIR/initialized" ] || return 1
  for member in $(other_members); do
    if [ "$(peer_answer "$(host_of "$member")")" = silent ]; then return 0; fi
  done
  return 1
}

# The health of others is their own step's affair: with one lost, this host's further steps must go on.
if "$library/wait-healthy.sh" 15 --own 2>/dev/null; then exit 0; fi
if someone_is_missing; then
  echo "etcd is waiting for members that are not there yet"
  exit 0
fi
"$library/wait-healthy.sh" 180 --own
