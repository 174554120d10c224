#!/bin/bash
# Decides how this etcd member starts, and waits for as long as the decision takes.
# Runs as root before etcd (docs/decisions/0005-etcd-start.md):
#   data present                          start with it
#   empty, all others empty or forming    start a new cluster
#   empty, a cluster exists or existed    rejoin through the survivors, as a learner
#   anything else                         wait and say why
set -euo pipefail
umask 022

# shellcheck source=/dev/null
. "${QUORUM_ETCD_ENV:-/etc/quorum/etcd/member.env}"
library=$(dirname "$0")
# shellcheck source=templates/etcd/members.sh
. "$library/members.sh"
install -d -m 0755 "$RUN_DIR" "$STATE_DIR"

# Says something once, until it changes; the last word is also kept for status reports.
say() {
  [ "$(cat "$RUN_DIR/decision" 2>/dev/null)" = "$*" ] && return
  echo "$*"
  echo "$*" >"$RUN_DIR/decision"
}

has_data() { compgen -G "$DATA_DIR/member/wal/*.wal" >/dev/null; }

# The disk that held the data must be mounted where it was.
disk_is_there() {
  [ -d "$DATA_DIR" ] || return 1
  [ ! -e "$STATE_DIR/mount-point" ] || [ "$(cat "$STATE_DIR/mount-point")" = "$(findmnt -n -o TARGET -T "$DATA_DIR")" ]
}

# Nothing is deleted: what is in the way moves aside, and one such copy is kept.
set_aside() {
  rm -f "$DATA_DIR/member-id"
  if [ -e "$DATA_DIR/member" ]; then
    rm -rf "$DATA_DIR/member.aside"
    mv "$DATA_DIR/member" "$DATA_DIR/member.aside"
  fi
}

# start CLUSTER STATE [learner]: the configuration for this start; etcd ignores the first two when
# it has data. A learner listens for its clients on loopback only: it would refuse what they ask.
start() {
  local listen_not=none
  rm -f "$RUN_DIR/learner"
  if [ "${3:-}" = learner ]; then
    listen_not=$ADDRESS
    touch "$RUN_DIR/learner"
  fi
  { sed "/^listen-client/s#https://$listen_not:[0-9]*,##" "$CONFIG_FILE"; echo "initial-cluster: $1"; echo "initial-cluster-state: $2"; } >"$RUN_DIR/etcd.yaml.new"
  mv "$RUN_DIR/etcd.yaml.new" "$RUN_DIR/etcd.yaml"
  "$library/inputs-digest.sh" >"$RUN_DIR/started"
  chown etcd:etcd "$DATA_DIR"
  chmod 0700 "$DATA_DIR"
  stop_answering
  exit 0
}

# While this member is empty and undecided it answers on the peer port, with what etcd would.
answering=
answer_empty() {
  [ -z "$answering" ] || return 0
  install -d -m 0700 "$RUN_DIR/answer"
  echo empty >"$RUN_DIR/answer/members"
  (
    cd "$RUN_DIR/answer"
    server=
    trap 'kill $server; wait; exit' TERM
    # The time limit drops a caller that connects and then says nothing.
    while :; do
      timeout 10 openssl s_server -accept "$ADDRESS:$PEER_PORT" -WWW -quiet \
        -cert "$PKI_DIR/peer.crt" -key "$PKI_DIR/peer.key" -CAfile "$PKI_DIR/peer-ca.crt" \
        -Verify 1 -verify_return_error </dev/null >/dev/null 2>&1 &
      server=$!
      wait $server || true
      sleep 0.1
    done
  ) 2>/dev/null &
  answering=$!
}
stop_answering() {
  [ -n "$answering" ] || return 0
  kill "$answering" 2>/dev/null || true
  wait "$answering" 2>/dev/null || true
  answering=
}
trap stop_answering EXIT

# What the peers that answer say of this member, e.g. "formed learner ".
peer_answers() {
  local member
  for member in $(other_members); do peer_answer "$(host_of "$member")"; done | tr '\n' ' '
}

# The data are worthless when the cluster has removed this member, or added it again after them.
# Only a peer's doubt is worth the wait for a quorum: after a power cut nobody answers.
data_is_outdated() {
  local list mine
  [[ $1 == *gone* ]] || return 1
  list=$(member_list 2>/dev/null) || return 1
  mine=$(entry_of_me "$list")
  [ -n "$mine" ] || return 0
  if [ -e "$DATA_DIR/member-id" ]; then
    [ "$(cat "$DATA_DIR/member-id")" != "$(field 1 "$mine")" ]
  else
    [ "$(field 2 "$mine")" = unstarted ]
  fi
}

# Prints what the peers and this machine know: "new", "rejoin" or the reason to wait.
survey() {
  local waiting='' member answer
  if cluster_was_formed; then echo rejoin; return; fi
  case $(stored_marker) in
    known) echo rejoin; return ;;
    silent) waiting=" the store of the marker" ;;
  esac
  for member in $(other_members); do
    answer=$(peer_answer "$(host_of "$member")")
    case $answer in
      empty | forming) ;;
      formed | learner | gone) echo rejoin; return ;;
      *) waiting="$waiting ${member%%=*}" ;;
    esac
  done
  if [ -n "$waiting" ]; then echo "waiting for$waiting to answer"; else echo new; fi
}

# One attempt to become a learner of the existing cluster; returns 1 when it must be tried again.
rejoin() {
  local list mine
  list=$(member_list 2>/dev/null) || { say "empty disk: waiting for a quorum of the other members"; return 1; }
  mine=$(entry_of_me "$list")
  if [ -n "$mine" ] && [ "$(field 2 "$mine")/$(field 6 "$mine")" != unstarted/true ]; then
    # Remove before add, as etcd's FAQ says: the other way round raises the quorum first.
    say "empty disk: removing the old entry $(field 1 "$mine") of this member"
    ask "$OTHER_CLIENT_URLS" member remove "$(field 1 "$mine")" >/dev/null 2>&1 || return 1
    mine=
  fi
  if [ -z "$mine" ]; then
    say "empty disk: joining as a learner"
    ask "$OTHER_CLIENT_URLS" member add "$NAME" --learner --peer-urls="$PEER_URL" >/dev/null 2>&1 || return 1
    list=$(member_list 2>/dev/null) || return 1
    mine=$(entry_of_me "$list")
  fi
  set_aside
  field 1 "$mine" >"$DATA_DIR/member-id"
  say "empty disk: starting as a learner"
  start "$(initial_cluster_of "$list")" existing learner
}

until disk_is_there; do
  say "the disk of $DATA_DIR is not mounted where it was: waiting"
  sleep 2
done

if has_data; then
  answers=$(peer_answers)
  if data_is_outdated "$answers"; then
    say "the cluster has replaced this member: its data are set aside"
    set_aside
  else
    say "starting with the data present"
    case $answers in
      *formed* | *forming*) start "${MEMBERS// /,}" existing ;;
      *learner* | *gone*) start "${MEMBERS// /,}" existing learner ;;
      *) start "${MEMBERS// /,}" existing ;;
    esac
  fi
fi

say "empty disk: asking the other members"
while :; do
  answer_empty
  decision=$(survey)
  case $decision in
    new)
      set_aside
      say "all members are empty: starting a new cluster"
      start "${MEMBERS// /,}" new
      ;;
    rejoin) rejoin || true ;;
    *) say "empty disk: $decision" ;;
  esac
  # Not all members in the same instant.
  sleep "0.$((RANDOM % 9))$((RANDOM % 9))1"
done
