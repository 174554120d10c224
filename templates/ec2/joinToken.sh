#!/bin/bash
# Prints the current join token, which the control planes renew in SSM.
set -euo pipefail
. /etc/quorum/boot.env
token=$(timeout 20 quorum-cloud get "$TOKEN_PARAMETER" 2>/dev/null)
[[ $token =~ ^[a-z0-9]{6}\.[a-z0-9]{16}$ ]] || exit 1
echo "$token"
