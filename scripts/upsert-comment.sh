#!/bin/sh
# Puts a comment on a pull request, or rewrites the one that is there: scripts/upsert-comment.sh NUMBER FILE
# Needs the GitHub CLI with a token that may write to pull requests (GH_TOKEN) and GITHUB_REPOSITORY.
set -eu

number=${1:?usage: scripts/upsert-comment.sh NUMBER FILE}
file=${2:?usage: scripts/upsert-comment.sh NUMBER FILE}
repository=${GITHUB_REPOSITORY:?the repository, as owner/name}
case $number in '' | *[!0-9]*)
  echo "upsert-comment: \"$number\" is not the number of a pull request" >&2
  exit 2
  ;;
esac

marker=$(head -n 1 "$file")
# GitHub refuses bodies above 65,536 characters.
body=$(mktemp)
trap 'rm -f "$body"' EXIT
if [ "$(wc -m <"$file")" -gt 65000 ]; then
  head -c 60000 "$file" >"$body"
  printf '\n\n… cut: the whole report is in the artifacts of the run.\n' >>"$body"
else
  cat "$file" >"$body"
fi

# Every page is searched: a comment on the second page must not be doubled.
id=$(MARKER="$marker" gh api --paginate "repos/$repository/issues/$number/comments" \
  --jq '.[] | select(.user.type == "Bot" and (.body | startswith(env.MARKER))) | .id' | head -n 1)
if [ -n "$id" ]; then
  gh api --method PATCH "repos/$repository/issues/comments/$id" --field "body=@$body" --silent
else
  gh api --method POST "repos/$repository/issues/$number/comments" --field "body=@$body" --silent
fi
