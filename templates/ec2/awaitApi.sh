#!/bin/sh
# Waits until the API answers to whoever runs the stack: machines boot by themselves meanwhile. Runs
# beside Pulumi, not on a machine of the cluster.
# API_SERVER  URL by which it is reached; API_NAME  name that its certificate must have
# CA_CERTIFICATE  PEM; WAIT_SECONDS  longest wait
set -eu

certificate=$(mktemp)
trap 'rm -f "$certificate"' EXIT
printf '%s\n' "$CA_CERTIFICATE" >"$certificate"

server=${API_SERVER#https://}
deadline=$(($(date +%s) + WAIT_SECONDS))
said=

until problem=$(curl --silent --show-error --fail --max-time 10 --output /dev/null \
	--cacert "$certificate" --connect-to "::$server" "https://$API_NAME/readyz" 2>&1); do
	if [ "$(date +%s)" -ge "$deadline" ]; then
		echo "The API did not answer at $server for $WAIT_SECONDS s: $problem" >&2
		echo "Reach the VPC by VPN or peering (quorum:api.clientCidrs), or forward a port (quorum:api.operatorAddress);" >&2
		echo "then run up again: it goes on from here." >&2
		exit 1
	fi
	if [ -z "$said" ]; then
		echo "Waiting for the API at $server (certificate of $API_NAME): $problem"
		echo "Machines take some minutes. Without a VPN or peering: see docs/workloads.md, \"The way to the API\"."
		said=yes
	fi
	sleep 5
done
echo "The API answers at $server."
