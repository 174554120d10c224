#!/bin/bash
# Stops what talks to etcd on this control plane. Nothing is drained: what is written from now on
# is not part of the snapshot. May be repeated.
set -euo pipefail

kept=/var/lib/quorum/restore/manifests
install -d -m 0700 "$kept"
systemctl stop etcd-snapshot.timer etcd-snapshot.service 2>/dev/null || true
for component in kube-apiserver kube-controller-manager kube-scheduler; do
  manifest=/etc/kubernetes/manifests/$component.yaml
  if [ -e "$manifest" ]; then mv "$manifest" "$kept/"; fi
done

# Names in /proc are cut after 15 characters.
pids() {
  local file name
  for file in /proc/[0-9]*/comm; do
    if read -r name <"$file" && [[ $name =~ ^kube-(apiserver|controller|scheduler) ]]; then
      file=${file%/comm}
      echo "${file##*/}"
    fi
  done 2>/dev/null
}

# Gone for three looks in a row, because kubelet may start one again before it sees that it must not.
quiet=0
for _ in $(seq 120); do
  if [ -z "$(pids)" ]; then quiet=$((quiet + 1)); else quiet=0; fi
  if [ $quiet -ge 3 ]; then exit 0; fi
  # shellcheck disable=SC2046
  kill -KILL $(pids) 2>/dev/null || true
  sleep 1
done
echo "the apiserver does not stop" >&2
exit 1
