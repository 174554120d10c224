#!/bin/bash
# Step "containerd": configured from the machine's facts, running, images at hand imported.
set -euo pipefail
. /etc/quorum/facts.env
images=/var/lib/quorum/images
systemd_cgroup=true
[ "$CGROUP" = v2 ] || systemd_cgroup=false

mkdir -p /etc/containerd
sed -e "s/= RESTRICT_OOM\$/= $RESTRICT_OOM/" -e "s/= SYSTEMD_CGROUP\$/= $systemd_cgroup/" \
  /etc/quorum/containerd.toml >/etc/containerd/config.toml.new
restart=no
if ! cmp -s /etc/containerd/config.toml.new /etc/containerd/config.toml; then
  mv /etc/containerd/config.toml.new /etc/containerd/config.toml
  restart=yes
else
  rm /etc/containerd/config.toml.new
fi
case "$QUORUM_CHANGED" in
  */containerd.service* | */bin/containerd* | */artifacts*) restart=yes ;;
esac

systemctl daemon-reload
systemctl enable --quiet containerd.service
if [ "$restart" = yes ] && systemctl is-active --quiet containerd.service; then
  systemctl restart containerd.service
else
  systemctl start containerd.service
fi

ready() { ctr --connect-timeout 2s version >/dev/null 2>&1; }
deadline=$((SECONDS + 60))
until ready; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    echo "containerd does not answer on its socket after 60 s: $(systemctl is-active containerd.service), see journalctl -u containerd" >&2
    exit 1
  fi
  sleep 0.3
done

# Air-gapped sites: every *.tar in the directory is imported once, known by its digest.
if [ -d "$images" ]; then
  touch "$images/imported"
  for tar in "$images"/*.tar; do
    [ -e "$tar" ] || continue
    digest=$(sha256sum "$tar" | cut -d ' ' -f 1)
    if grep -q "^$digest " "$images/imported"; then continue; fi
    ctr -n k8s.io images import --all-platforms "$tar" >/dev/null
    echo "$digest ${tar##*/}" >>"$images/imported"
  done
fi
