#!/bin/bash
# Step "api-health-agent": the load balancers can ask how this apiserver is.
set -euo pipefail
systemctl daemon-reload
systemctl enable --quiet --now api-health-agent.socket
systemctl enable --quiet api-health.service
systemctl restart api-health.service
