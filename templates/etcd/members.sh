# shellcheck shell=bash
# What the other etcd members say. Sourced after member.env.

# Entries NAME=URL of all members but this one.
other_members() {
  local member
  # shellcheck disable=SC2153
  for member in $MEMBERS; do
    if [ "${member%%=*}" != "$NAME" ]; then echo "$member"; fi
  done
}

host_of() {
  local url=${1#*=https://}
  echo "${url%:*}"
}

# etcdctl refuses an endpoint that is given both by flag and by environment.
# shellcheck source=/dev/null
. "${QUORUM_ETCD_CLIENT_ENV:-/etc/quorum/etcd/client.env}"
# shellcheck disable=SC2034
ALL_CLIENT_URLS=$ETCDCTL_ENDPOINTS
export -n ETCDCTL_ENDPOINTS
export ETCDCTL_CACERT ETCDCTL_CERT ETCDCTL_KEY

# ask URLS COMMAND...
ask() {
  local urls=$1
  shift
  timeout 10 etcdctl --endpoints="$urls" --command-timeout=8s "$@"
}

# Lines "id, status, name, peer URLs, client URLs, learner"; needs a quorum.
member_list() { ask "$OTHER_CLIENT_URLS" member list; }

# field NUMBER LINE
field() { cut -d , -f "$1" <<<"$2" | tr -d ' '; }

# The line of this member, by its peer URL (an unstarted one has no name yet).
entry_of_me() { grep -F ", $PEER_URL," <<<"$1" || true; }

# The list as "initial-cluster"; entries that have not started get their name from our own list.
initial_cluster_of() {
  local line result=
  while read -r line; do
    result="$result,$(name_of "$(field 4 "$line")")=$(field 4 "$line")"
  done <<<"$1"
  echo "${result#,}"
}

name_of() {
  local member
  for member in $MEMBERS; do
    if [ "${member#*=}" = "$1" ]; then echo "${member%%=*}"; fi
  done
}

# What a peer says on its peer port of the cluster's members: JSON, "empty" or nothing.
peer_members() {
  local check=-verify_ip
  if [[ $1 =~ [a-z] ]]; then check=-verify_hostname; fi
  printf 'GET /members HTTP/1.0\r\nHost: %s\r\n\r\n' "$1" |
    timeout 3 openssl s_client -quiet -connect "$1:$PEER_PORT" -verify_return_error "$check" "$1" \
      -CAfile "$PKI_DIR/peer-ca.crt" -cert "$PKI_DIR/peer.crt" -key "$PKI_DIR/peer.key" 2>/dev/null |
    sed '1,/^\r*$/d' || true
}

# What that means for this member:
#   empty    the peer is undecided and without data
#   forming  it starts a new cluster, in which this member has never been up
#   formed   its cluster knows this member with data
#   learner  the same, but as a learner
#   gone     its cluster has removed this member, or knows it by another id than the data here
#   silent   nothing answers
peer_answer() {
  local members mine id
  members=$(peer_members "$1")
  case $members in
    empty*) echo empty; return ;;
    '[{'*) ;;
    *) echo silent; return ;;
  esac
  mine=$(tr '}' '\n' <<<"$members" | grep -F "\"$PEER_URL\"" || true)
  # Ids are unsigned decimals here and hexadecimal elsewhere; bash wraps what is above 2^63.
  id=$(grep -o '"id":[0-9]*' <<<"$mine" | cut -d : -f 2)
  if [ -n "$id" ] && [ -e "$DATA_DIR/member-id" ] && [ "$(cat "$DATA_DIR/member-id")" != "$(printf %x $((id)))" ]; then
    echo gone
  elif [[ $mine == *'"clientURLs":["'* ]]; then
    if [[ $mine == *'"isLearner":true'* ]]; then echo learner; else echo formed; fi
  # All members of a new cluster are voters, and announce themselves when they are up.
  elif [ -n "$mine" ] && [[ $members != *'"isLearner":true'* ]]; then
    echo forming
  else
    echo gone
  fi
}

# Whether this machine, another member or a control plane knows that the cluster was once formed.
# One copy is enough; a machine that does not answer says nothing.
cluster_was_formed() {
  local host
  [ ! -e "$STATE_DIR/initialized" ] || return 0
  for host in $MARKER_HOSTS; do
    if [ "$(marker_of "$host")" = initialized ]; then return 0; fi
  done
  return 1
}

# A store outside the machines may keep the marker as well (clouds, whose machines come without a past):
# known, none or silent. Where there is no such store, it has none.
stored_marker() {
  local store=${QUORUM_MARKER_STORE:-/usr/local/lib/quorum/etcd/marker-store} status=1
  if [ -x "$store" ]; then
    status=0
    "$store" get || status=$?
  fi
  case $status in
    0) echo known ;;
    1) echo none ;;
    *) echo silent ;;
  esac
}

marker_of() {
  # shellcheck disable=SC2016
  timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1" && head -c 32 <&3' "$1" "$MARKER_PORT" 2>/dev/null || true
}
