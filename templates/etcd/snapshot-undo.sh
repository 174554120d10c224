#!/bin/bash
# The step "etcd-snapshots" undone. The snapshots stay.
systemctl disable --quiet --now etcd-snapshot.timer etcd-snapshot.service
