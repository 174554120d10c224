#!/bin/sh
# Destroys a rehearsal stack and its configuration: scripts/teardown.sh STACK
# Refuses every name that does not start with "rehearsal-", whatever the caller may do.
set -eu

stack=${1:?usage: scripts/teardown.sh STACK}
case ${stack##*/} in
  rehearsal-*) ;;
  *)
    echo "teardown: \"$stack\" is no rehearsal stack (rehearsal-…); nothing was touched" >&2
    exit 2
    ;;
esac
cd "$(dirname "$0")/.."
pulumi destroy --stack "$stack" --yes --non-interactive --refresh
pulumi stack rm "$stack" --yes --non-interactive
