#!/bin/sh
# Writes the body of the pull-request comment to standard output: for each stack what the change
# breaks, what it proves, and what it would create, change and delete, compared with BASE.
# Usage: scripts/pr-comment.sh BASE [STACK…]      Default: every Pulumi.<stack>.yaml but the lab's.
# QUORUM_ENGINE=embedded|pulumi chooses the engine; default as `quorum` does.
# Exit code 1 when a stack's proof is refuted or its update refused; the body is complete all the same.
set -eu

base=${1:?usage: scripts/pr-comment.sh BASE [STACK...]}
shift
root=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$root"

if [ $# -eq 0 ]; then
  # Those under version control: a lab of one's own leaves stack files beside them.
  for file in $(git ls-files 'Pulumi.*.yaml'); do
    stack=${file#Pulumi.}
    stack=${stack%.yaml}
    [ "$stack" = lab ] || set -- "$@" "$stack"
  done
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
set_engine=${QUORUM_ENGINE:+--engine $QUORUM_ENGINE}
failed=0

# scripts/upsert-comment.sh finds the comment again by this line.
printf '<!-- quorum: preview and proof -->\n'
for stack in "$@"; do
  # shellcheck disable=SC2086 # no engine given means no argument at all
  if bin/quorum preview --stack "$stack" $set_engine --against "$base" --json --show-sames \
    >"$work/preview.json" 2>"$work/errors"; then
    bin/quorum proof --stack "$stack" --preview "$work/preview.json" --markdown || failed=1
    # shellcheck disable=SC2086
    bin/quorum preview --stack "$stack" $set_engine --against "$base" --markdown || failed=1
  else
    failed=1
    # shellcheck disable=SC2016 # Markdown, not a command
    printf '### 🔴 Stack `%s` does not preview\n\n```\n' "$stack"
    head -c 4000 "$work/errors"
    printf '\n```\n'
  fi
  printf '\n'
done
exit "$failed"
