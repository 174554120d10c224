#!/bin/sh
# Takes a bundle from standard input to /var/lib/quorum/bundles/<sha256>, makes it the current one
# and starts quorum-apply. Runs on a bare host: sh, awk and coreutils only.
#
# A bundle is text: "quorum-bundle 1", then "machine <name>", "step <name> <script> <one|many>" and
# "file <step> <mode> <lines> <path>" each followed by that many lines; last "end <lines before it>".
set -eu
umask 022
state=${QUORUM_MACHINE_STATE:-/var/lib/quorum}
fail() {
  echo "quorum: $*" >&2
  exit 1
}
[ "$(id -u)" = 0 ] || fail "this needs root"
mkdir -p "$state/bundles" "$state/steps" "$state/changed"
incoming=$(mktemp "$state/incoming.XXXXXX")
unpacked=$(mktemp -d "$state/bundles/new.XXXXXX")
trap 'rm -rf "$incoming" "$unpacked"' EXIT
cat >"$incoming"
digest=$(sha256sum "$incoming" | cut -d ' ' -f 1)

awk -v dir="$unpacked" '
  function bad(why) { print "quorum: line " NR " of the bundle: " why > "/dev/stderr"; failed = 1; exit 1 }
  NR == 1 { if ($0 != "quorum-bundle 1") bad("this is not a bundle that I understand"); next }
  left > 0 { print > out; if (--left == 0) close(out); next }
  $1 == "machine" && NF == 2 { print $2 > (dir "/machine"); next }
  $1 == "step" && NF == 4 { print $2, $3, $4 > (dir "/steps"); next }
  $1 == "file" && NF == 5 && $4 > 0 {
    out = dir "/" (++files); left = $4; print files, $2, $3, $5 > (dir "/manifest"); next
  }
  $1 == "end" && NF == 2 { if ($2 != NR - 1) bad("lines are missing"); complete = 1; next }
  { bad("not understood") }
  END { if (!failed && !complete) { print "quorum: the bundle is cut off" > "/dev/stderr"; exit 1 } }
' "$incoming" || exit 1

chmod 0755 "$unpacked"
rm -rf "$state/bundles/$digest"
mv "$unpacked" "$state/bundles/$digest"
# What is still busy with an older bundle, waiting perhaps for what will never come, makes way.
if [ "$(readlink "$state/current" 2>/dev/null)" != "bundles/$digest" ]; then
  systemctl stop quorum-apply.service 2>/dev/null || true
fi
ln -sfn "bundles/$digest" "$state/current.new"
mv -T "$state/current.new" "$state/current"

# What carries out the bundle comes with the bundle, as the files of the step named "-".
while read -r number step mode path; do
  [ "$step" = - ] || continue
  mkdir -p "$(dirname "$path")"
  cp "$state/current/$number" "$path.new"
  chmod "$mode" "$path.new"
  mv "$path.new" "$path"
done <"$state/current/manifest"

systemctl daemon-reload
systemctl enable --quiet quorum-apply.service
systemctl start --no-block quorum-apply.service
