#!/bin/bash
# Restarts this etcd member without hurting the cluster. Called while holding the lock roll/etcd-member.
set -euo pipefail

library=/usr/local/lib/quorum/etcd
# shellcheck source=/dev/null
. /etc/quorum/etcd/member.env
# shellcheck source=templates/etcd/members.sh
. "$library/members.sh"

"$library/wait-healthy.sh" 120
"$library/hand-over-leadership.sh"
systemctl restart --no-block etcd.service
# Until the new process has been through the decision, the old one's health may still be seen.
for _ in $(seq 60); do
  if [ "$("$library/inputs-digest.sh")" = "$(cat "$RUN_DIR/started")" ] &&
    systemctl is-active --quiet etcd.service; then break; fi
  sleep 0.5
done
"$library/wait-healthy.sh" 180
