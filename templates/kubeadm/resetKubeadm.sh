#!/bin/bash
# Takes away what kubeadm made here. Never its phase for etcd: with members that are not kubeadm's it
# empties /var/lib/etcd all the same, and on a host that is both, that is a member's data.
kubeadm reset --force --skip-phases remove-etcd-member \
  --cri-socket unix:///run/containerd/containerd.sock >/dev/null 2>&1 || true
