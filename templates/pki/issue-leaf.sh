#!/bin/bash
# Mints or renews the leaf certificates described by the given files:
#   issue-leaf.sh /etc/quorum/leaves.d/NAME.leaf ...
# A leaf is minted again when a third of its life or less is left, its description changed, its
# issuer changed, or the pair is missing or broken. Says on standard output which ones were.
set -euo pipefail
umask 077

roots=${QUORUM_ROOTS:-/etc/quorum/pki}
state=${QUORUM_STATE:-/var/lib/quorum}/leaves

# Prints why the leaf must be minted; nothing when it is good.
reason() {
  local digest=$1 key_of_certificate key_of_key
  if [ ! -s "$CERTIFICATE" ] || [ ! -s "$KEY" ]; then echo missing; return; fi
  [ "$(cat "$state/$LEAF" 2>/dev/null)" = "$digest" ] || { echo "description changed"; return; }
  key_of_certificate=$(openssl x509 -in "$CERTIFICATE" -noout -pubkey 2>/dev/null) || { echo broken; return; }
  key_of_key=$(openssl pkey -in "$KEY" -pubout 2>/dev/null) || { echo broken; return; }
  [ "$key_of_certificate" = "$key_of_key" ] || { echo "key does not match"; return; }
  openssl verify -CAfile "$roots/$ISSUER.crt" "$CERTIFICATE" >/dev/null 2>&1 || { echo "issuer changed or expired"; return; }
  openssl x509 -in "$CERTIFICATE" -noout -checkend $((LIFETIME_SECONDS / 3)) >/dev/null || echo "due"
}

# An openssl CA configuration: `openssl x509` cannot set the start or an end by the second.
ca_configuration() {
  cat <<END
[ca]
default_ca = issuer
[issuer]
database = $1/index.txt
new_certs_dir = $1
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = $USAGES
authorityKeyIdentifier = keyid
END
  if [ -n "$NAMES" ]; then echo "subjectAltName = $NAMES"; fi
}

mint() {
  local digest=$1 work=$2 now
  now=$(date -u +%s)
  : >"$work/index.txt"
  ca_configuration "$work" >"$work/ca.cnf"
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/key" 2>/dev/null
  openssl req -new -key "$work/key" -subj "$SUBJECT" -out "$work/csr"
  # An hour back: another machine's clock may be behind.
  openssl ca -batch -notext -config "$work/ca.cnf" -in "$work/csr" -out "$work/crt" \
    -cert "$roots/$ISSUER.crt" -keyfile "$roots/$ISSUER.key" \
    -startdate "$(date -u -d "@$((now - 3600))" +%Y%m%d%H%M%SZ)" \
    -enddate "$(date -u -d "@$((now + LIFETIME_SECONDS))" +%Y%m%d%H%M%SZ)" 2>"$work/log" ||
    { echo "leaf $LEAF: $ISSUER could not sign: $(tail -n 1 "$work/log")" >&2; return 1; }

  mkdir -p "$state"
  install -d -m 0755 "$(dirname "$CERTIFICATE")" "$(dirname "$KEY")"
  install -o "$OWNER" -g "$OWNER" -m 0600 "$work/key" "$KEY.new"
  install -o "$OWNER" -g "$OWNER" -m 0644 "$work/crt" "$CERTIFICATE.new"
  # Until the digest is written again, an interruption here means minting anew.
  rm -f "$state/$LEAF"
  mv "$KEY.new" "$KEY"
  mv "$CERTIFICATE.new" "$CERTIFICATE"
  echo "$digest" >"$state/$LEAF"
}

leaf() {
  local file=$1 digest why work
  digest=$(sha256sum <"$file" | cut -d ' ' -f 1)
  # shellcheck source=/dev/null
  . "$file"
  why=$(reason "$digest")
  [ -n "$why" ] || return 0
  work=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  mint "$digest" "$work"
  echo "minted $LEAF ($why)"
}

failed=0
for file in "$@"; do
  # A shell of its own: one broken leaf must not keep the others from being renewed.
  # `wait` and not `if`, because `set -e` is off inside a condition.
  (leaf "$file") &
  wait $! || failed=1
done
exit $failed
