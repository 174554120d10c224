#!/bin/sh
# Writes a section of the pull-request comment to standard output: what the Pulumi CLI would change in a
# stack as it really stands, and the proof of it. Needs the CLI and credentials that may read.
# Usage: scripts/cloud-comment.sh STACK      STACK as the CLI knows it, e.g. organization/prod.
# Exit code 1 when the preview fails, the proof is refuted, the update refused or a rule broken; the
# section is complete all the same.
set -eu

stack=${1:?usage: scripts/cloud-comment.sh STACK}
cd "$(dirname "$0")/.."
name=${stack##*/}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
failed=0

# shellcheck disable=SC2016 # Markdown, not a command
printf '## `%s` as it really stands\n\n' "$name"
if pulumi preview --stack "$stack" --json --show-sames --non-interactive \
  >"$work/preview.json" 2>"$work/errors"; then
  bin/quorum proof --stack "$name" --preview "$work/preview.json" --markdown || failed=1
  bin/quorum preview --stack "$name" --from "$work/preview.json" --markdown || failed=1
else
  failed=1
  printf 'The preview fails:\n\n```\n'
  # The CLI puts the diagnostics of a failed program into its JSON.
  cat "$work/errors" "$work/preview.json" | head -c 4000
  printf '\n```\n'
fi
exit "$failed"
