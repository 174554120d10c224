# shellcheck shell=bash
# Which nodes stand in another place, behind a VPN. Sourced.
. /etc/quorum/far-nodes.env

number_of() {
  local a b c d
  IFS=. read -r a b c d <<<"$1"
  echo $(((a << 24) | (b << 16) | (c << 8) | d))
}

# is_far ADDRESS
is_far() {
  local range length mask
  [[ $1 =~ ^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$ ]] || return 1
  for range in $FAR_RANGES; do
    length=${range#*/}
    mask=$(((0xffffffff << (32 - length)) & 0xffffffff))
    if [ $(($(number_of "$1") & mask)) = $(($(number_of "${range%/*}") & mask)) ]; then return 0; fi
  done
  return 1
}
