import type { CloudRole } from "../../../lab/cloud/plan.ts";

/** A moment in a boot at which the power is cut: a file (glob) that the machine has just written. */
export type Moment = [what: string, file: string];

const step = (of: string): Moment => [`step ${of}`, `var/lib/quorum/steps/${of}`];
const early: Moment[] = [
  ["cloud-init, before it has written files", "var/lib/cloud/instances/*/sem/config_write_files"],
  ["cloud-init, before it has started the boot", "usr/local/lib/quorum/boot/boot.sh"],
  ["identity", "var/lib/quorum/boot"],
  ["secrets", "etc/quorum/pki/*"],
  ["machine files", "var/lib/quorum/current"],
];

/** Moments in the order of a role's first boot. */
export const moments: Record<CloudRole, Moment[]> = {
  etcd: [...early, step("node"), step("pki"), step("etcd")],
  "control-plane": [
    ...early,
    ...["node", "pki", "containerd", "pod-network", "etcd-client", "control-plane"].map(step),
    ["kubeadm, half-way", "etc/kubernetes/kubelet.conf"],
    ["kubeadm, its API server placed", "etc/kubernetes/manifests/kube-apiserver.yaml"],
    ...["cluster-services", "etcd-snapshots", "lifecycle"].map(step),
  ],
  worker: [
    ...early,
    ...["node", "pki", "containerd", "pod-network", "worker"].map(step),
    ["kubeadm, half-way", "etc/kubernetes/kubelet.conf"],
    step("lifecycle"),
  ],
};
