#!/bin/bash
# Prints the current join token, from the Secret that the rotator on the control planes renews.
# Readable for the hosts of the plan only, by the certificate that each has of its own.
set -euo pipefail
token=$(kubectl --kubeconfig /etc/quorum/host.kubeconfig --request-timeout 5s -n kube-system \
  get secret quorum-join -o jsonpath='{.data.token}' 2>/dev/null | base64 -d)
[[ $token =~ ^[a-z0-9]{6}\.[a-z0-9]{16}$ ]] || exit 1
echo "$token"
