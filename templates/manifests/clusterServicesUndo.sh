#!/bin/bash
# Stops this control plane's timers and watchers.
systemctl disable --now --quiet quorum-token.timer quorum-approve-serving.service quorum-release-nodes.service
