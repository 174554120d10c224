#!/bin/bash
# Prints the join token that the stack put here; it is good for some hours after that.
set -euo pipefail
token=$(cat /etc/quorum/join-token)
[[ $token =~ ^[a-z0-9]{6}\.[a-z0-9]{16}$ ]] || exit 1
echo "$token"
