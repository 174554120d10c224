#!/bin/bash
# Approves kubelet serving certificates by one rule: the request must name nothing but the host and the
# address that the stack file gives that host. That the stack says so is shown by the host
# certificate, signed when the stack was applied and kept in the annotation "quorum/host-certificate"
# of the host's Node; on a cloud the cloud is asked instead. Runs on one control plane at a time (lock in etcd).
set -euo pipefail
export KUBECONFIG=/etc/kubernetes/admin.conf
authority=${QUORUM_AUTHORITY:-/etc/kubernetes/pki/ca.crt}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
api() { kubectl --request-timeout 10s "$@"; }

# names x509|req FILE: the subject's alternative names, one a line, sorted.
names() {
  openssl "$1" -in "$2" -noout -text | sed -n '/Subject Alternative Name/{n;s/^ *//;s/, /\n/g;p;}' | sort -u
}
# The subject's parts, sorted: their order says nothing.
subject() {
  openssl "$1" -in "$2" -noout -subject -nameopt RFC2253 | sed 's/^subject=//;s/,/\n/g' | sort | paste -sd ,
}

# What the plan allows NODE, from its own certificate; $work/nodes has them all.
allowed() {
  local certificate=$work/host.crt names_of=/usr/local/lib/quorum/hostNames.sh
  if [ -x "$names_of" ]; then
    "$names_of" "$1" | sort -u
    return
  fi
  awk -v node="$1" '$1 == node { print $2 }' "$work/nodes" | base64 -d >"$certificate"
  openssl verify -CAfile "$authority" "$certificate" >/dev/null 2>&1 &&
    [ "$(subject x509 "$certificate")" = "CN=quorum:host:$1,O=quorum:hosts" ] &&
    names x509 "$certificate"
}

# Why a request must not be approved; nothing when it may. Status 2: ask again later.
objection() {
  local user=$1 groups=$2 usages=$3 node=${1#system:node:} wanted
  if [ "system:node:$node" != "$user" ] || [[ $groups != *'"system:nodes"'* ]]; then
    echo "asked for by $user, which is no node"
  elif [ "$usages" != '["digital signature","server auth"]' ] &&
    [ "$usages" != '["digital signature","key encipherment","server auth"]' ]; then
    echo "usages $usages are not those of a serving certificate"
  elif [ "$(subject req "$work/request")" != "CN=$user,O=system:nodes" ]; then
    echo "the subject $(subject req "$work/request") is not $user's"
  elif ! wanted=$(allowed "$node") || [ -z "$wanted" ]; then
    echo "$node has not shown a host certificate of the plan"
    return 2
  elif [ -z "$(names req "$work/request")" ] || [ -n "$(comm -23 <(names req "$work/request") - <<<"$wanted")" ]; then
    echo "names $(names req "$work/request" | tr '\n' ' ')are not those of $node in the plan"
  fi
}

# One pass over what nobody has decided on. Status 1: something is to be looked at again.
pass() {
  local name user groups usages request why status again=0 good=()
  api get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving -o \
    'jsonpath={range .items[*]}{.metadata.name}{"\t"}{.spec.username}{"\t"}{.spec.groups}{"\t"}{.spec.usages}{"\t"}{.spec.request}{"\t"}{.status.conditions}{"\n"}{end}' |
    awk -F '\t' '$6 == ""' >"$work/requests"
  [ -s "$work/requests" ] || return 0
  api get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.metadata.annotations.quorum/host-certificate}{"\n"}{end}' >"$work/nodes"
  while IFS=$'\t' read -r name user groups usages request _; do
    base64 -d <<<"$request" >"$work/request"
    status=0
    why=$(objection "$user" "$groups" "$usages") || status=$?
    if [ -z "$why" ]; then
      good+=("$name")
    else
      echo "$name: $why"
      [ "$status" != 2 ] || again=1
    fi
  done <"$work/requests"
  [ ${#good[@]} -eq 0 ] || api certificate approve "${good[@]}"
  return "$again"
}

# A Node shows its certificate shortly after its request, if it ever does.
settle() {
  local try
  for try in 1 2 3 5 8 13; do
    if pass; then return 0; fi
    sleep "$try"
  done
}

until api get --raw /readyz >/dev/null 2>&1; do sleep 2; done
settle
kubectl get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving --watch-only -o name |
  while read -r _; do
    # Requests come in groups: one pass for all of them.
    while read -r -t 1 _; do :; done
    settle
  done
