#!/bin/bash
# Carries out the current bundle: step by step, installs the step's files and calls its script.
# May be interrupted anywhere and called again: what changes is recorded before it is changed, and
# forgotten only when the step has succeeded.
#   quorum-apply               all steps
#   quorum-apply --step NAME   one step (called by the former, under the roll lock where it needs one)
#   quorum-apply --remove      undo the steps, last first: what a machine does when it leaves
set -euo pipefail
umask 022
state=${QUORUM_MACHINE_STATE:-/var/lib/quorum}
bundle=$(readlink -f "$state/current")
mkdir -p "$state/steps" "$state/changed" "$state/applying" "$state/installed"

# say STEP WORDS: for the journal, and for whoever waits for this machine.
say() {
  echo "$1: $2"
  echo "$1: $2" >"$state/doing"
}

# status STEP ok|running|failed MESSAGE
status() {
  echo "$2 $(date +%s) $3" >"$state/steps/$1.new"
  mv "$state/steps/$1.new" "$state/steps/$1"
}

# Paths of a step's files that are not on the machine as the bundle has them.
differing() {
  local number step mode path
  while read -r number step mode path; do
    [ "$step" = "$1" ] || continue
    if ! cmp -s "$bundle/$number" "$path" || [ "0$(stat -c %a "$path")" != "$mode" ]; then
      echo "$path"
    fi
  done <"$bundle/manifest"
}

# Paths that a step once installed and that no step of the bundle has any more.
abandoned() {
  local path
  [ -f "$state/installed/$1" ] || return 0
  while read -r path; do
    awk -v path="$path" '$4 == path { found = 1 } END { exit !found }' "$bundle/manifest" || echo "$path"
  done <"$state/installed/$1"
}

# Moves the marks of others (new secrets) and of an interrupted run into the list of this run.
gather() {
  local mine=$state/applying/$1
  if [ -f "$state/changed/$1" ]; then
    mv "$state/changed/$1" "$state/changed/$1.taken"
  fi
  if [ -f "$state/changed/$1.taken" ]; then
    cat "$state/changed/$1.taken" >>"$mine"
    rm "$state/changed/$1.taken"
  fi
  differing "$1" >>"$mine"
  abandoned "$1" >>"$mine"
  sync "$mine"
}

install_files() {
  local number step mode path
  while read -r number step mode path; do
    [ "$step" = "$1" ] || continue
    grep -qxF "$path" "$state/applying/$1" || continue
    mkdir -p "$(dirname "$path")"
    cp "$bundle/$number" "$path.quorum-new"
    chmod "$mode" "$path.quorum-new"
    mv -T "$path.quorum-new" "$path"
  done <"$bundle/manifest"
  abandoned "$1" | while read -r path; do rm -f "$path"; done
  awk -v step="$1" '$2 == step { print $4 }' "$bundle/manifest" >"$state/installed/$1.new"
  mv "$state/installed/$1.new" "$state/installed/$1"
}

# One step: the gate where there is one and the step is at work already, then files, then the script.
run() {
  local script gate changed
  script=$(awk -v step="$1" '$1 == step { print $2 }' "$bundle/steps")
  gate=${script%.sh}-gate.sh
  changed=$(sort -u "$state/applying/$1")
  if [ -n "$changed" ] && [ -f "$state/steps/$1.done" ] && [ -x "$gate" ]; then
    say "$1" "waiting until this machine may be taken down"
    QUORUM_CHANGED=$changed "$gate" </dev/null
  fi
  say "$1" "running"
  status "$1" running ""
  install_files "$1"
  QUORUM_CHANGED=$changed "$script" </dev/null
  rm -f "$state/applying/$1"
  touch "$state/steps/$1.done"
  status "$1" ok ""
}

# start STEP PACE: calls `run` in a process of its own; its last line of error is the step's status.
start() {
  local error=$state/steps/$1.stderr
  local call=("$0" --step "$1")
  gather "$1"
  if [ "$2" = one ] && [ -s "$state/applying/$1" ] && [ -f "$state/steps/$1.done" ] &&
    command -v quorum-with-lock >/dev/null; then
    say "$1" "waiting for its turn"
    call=(quorum-with-lock "roll/$1" "${call[@]}")
  fi
  if { "${call[@]}" 2>&1 >&3 3>&- | tee "$error" >&2; } 3>&1; then
    rm -f "$error"
    return 0
  fi
  # kubeadm's last line is only about itself.
  status "$1" failed "$(grep -v -e '^[[:space:]]*$' -e '^To see the stack trace' "$error" | tail -n 1)"
  return 1
}

# Files of steps that the bundle no longer has go; what these started is their own undo's affair.
forget_old_steps() {
  local known name
  for known in "$state"/installed/*; do
    [ -e "$known" ] || continue
    name=${known##*/}
    awk -v step="$name" '$1 == step { found = 1 } END { exit !found }' "$bundle/steps" && continue
    abandoned "$name" | while read -r path; do rm -f "$path"; done
    rm -f "$known" "$state/steps/$name" "$state/steps/$name.done" "$state/changed/$name" \
      "$state/applying/$name"
  done
}

apply_all() {
  local digest=${bundle##*/} name pace
  rm -f "$state/outcome"
  while read -r -u 4 name _ pace; do
    if ! start "$name" "$pace"; then
      say "$name" "failed"
      echo "$digest $(cat "$bundle/machine"), step $name: $(cut -d ' ' -f 3- "$state/steps/$name")" \
        >"$state/outcome"
      return 1
    fi
  done 4<"$bundle/steps"
  forget_old_steps
  rm -f "$state/doing"
  echo "$digest ok" >"$state/outcome"
  find "$state/bundles" -mindepth 1 -maxdepth 1 ! -name "$digest" ! -name "new.*" -exec rm -rf {} +
}

undo_all() {
  local name script undo
  tac "$bundle/steps" | while read -r name script _; do
    undo=${script%.sh}-undo.sh
    [ -x "$undo" ] || continue
    say "$name" "undoing"
    "$undo" </dev/null || echo "quorum: step $name could not be undone" >&2
  done
}

exec 9>"$state/lock"
case "${1:-}" in
  --step) run "$2" ;;
  --remove)
    flock 9
    undo_all
    ;;
  "")
    flock 9
    # A bundle that arrives meanwhile is carried out next, or instead when this one fails.
    until apply_all 9>&- && [ "$(readlink -f "$state/current")" = "$bundle" ]; do
      latest=$(readlink -f "$state/current")
      [ "$latest" != "$bundle" ] || exit 1
      bundle=$latest
    done
    ;;
  *)
    echo "quorum: quorum-apply knows --step and --remove, not $1" >&2
    exit 2
    ;;
esac
