#!/bin/sh
# Compares what stands with what the state says and changes nothing: scripts/drift.sh STACK
# Exit code 0: no drift. 1: something drifted or could not be read; the diff is on standard output.
set -eu

stack=${1:?usage: scripts/drift.sh STACK}
cd "$(dirname "$0")/.."
pulumi refresh --stack "$stack" --preview-only --expect-no-changes --diff --non-interactive
