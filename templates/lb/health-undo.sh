#!/bin/bash
# The step "api-health-agent" undone.
systemctl disable --quiet --now api-health-agent.socket api-health.service
