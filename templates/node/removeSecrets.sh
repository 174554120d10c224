#!/bin/sh
# Removes the key material that writeSecrets.sh brought.
rm -rf /etc/quorum/pki
