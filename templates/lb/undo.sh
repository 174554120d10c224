#!/bin/bash
# The step "load-balancer" undone: the virtual address first, so that it moves before HAProxy goes.
systemctl disable --quiet --now keepalived.service
systemctl disable --quiet --now api-lb-watch.service haproxy.service
rm -rf /run/quorum/lb /var/lib/quorum/lb /etc/haproxy/haproxy.cfg /etc/haproxy/ca.crt \
  /etc/keepalived/keepalived.conf /etc/keepalived/interface.conf /etc/quorum/lb
