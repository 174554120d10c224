#!/bin/bash
# The marker "the cluster was once formed" outside the machines:
#   marker-store get   status 0: it was, 1: it was not, any other: nobody knows, so wait
#   marker-store put
set -uo pipefail
. /etc/quorum/boot.env
case $1 in
  get)
    status=0
    timeout 20 quorum-cloud get "$MARKER_PARAMETER" >/dev/null 2>&1 || status=$?
    case $status in
      0) exit 0 ;;
      3) exit 1 ;;
      *) exit 2 ;;
    esac
    ;;
  put) echo initialized | timeout 20 quorum-cloud put "$MARKER_PARAMETER" ;;
  *) exit 64 ;;
esac
