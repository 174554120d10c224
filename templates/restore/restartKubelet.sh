#!/bin/bash
# A Node that is younger than the snapshot is not there any more; kubelet registers only at its start.
systemctl restart kubelet.service
