/** The only home of versions. A stack may name no release that is not listed here. */

/** Everything a self-managed machine runs, as tried together. */
export interface SelfManagedVersions {
  kubernetes: string;
  etcd: string;
  containerd: string;
  runc: string;
  cniPlugins: string;
  coredns: string;
  pause: string;
  criTools: string;
}

/**
 * Self-managed releases by exact Kubernetes version.
 * etcd: 3.6.14 is the oldest safe one (listener fix of July 2026); pause: kubeadm's own constant.
 */
export const selfManagedVersions: Readonly<Record<string, SelfManagedVersions>> = {
  "1.36.3": {
    kubernetes: "1.36.3",
    etcd: "3.6.16",
    containerd: "2.4.2",
    runc: "1.5.2",
    cniPlugins: "1.9.1",
    coredns: "1.14.7",
    pause: "3.10.2",
    criTools: "1.36.0",
  },
  "1.36.1": {
    kubernetes: "1.36.1",
    etcd: "3.6.16",
    containerd: "2.4.2",
    runc: "1.5.2",
    cniPlugins: "1.9.1",
    coredns: "1.14.7",
    pause: "3.10.2",
    criTools: "1.36.0",
  },
};

/** Charts by name: exact version, and the repository of their publisher. */
export const charts = {
  "cluster-autoscaler": {
    version: "9.59.0",
    repository: "https://kubernetes.github.io/autoscaler",
  },
  "rook-ceph": { version: "v1.20.6", repository: "https://charts.rook.io/release" },
  "ceph-csi-drivers": {
    version: "1.0.4",
    repository: "https://ceph.github.io/ceph-csi-operator",
  },
  portworx: { version: "9.1.1", repository: "http://charts.portworx.io" },
  /** For hosts that ask for it. */
  cilium: { version: "1.20.1", repository: "https://helm.cilium.io" },
  "aws-ebs-csi-driver": {
    version: "2.64.0",
    repository: "https://kubernetes-sigs.github.io/aws-ebs-csi-driver",
  },
  "metrics-server": {
    version: "3.13.1",
    repository: "https://kubernetes-sigs.github.io/metrics-server",
  },
  "aws-load-balancer-controller": {
    version: "3.5.0",
    repository: "https://aws.github.io/eks-charts",
  },
} as const;

export type ChartName = keyof typeof charts;

/** "<chart>-<version>": its file's name without ".tgz", and the key of its digest. */
export function chartFile(name: ChartName): string {
  return `${name}-${charts[name].version}`;
}

/**
 * SHA-256 of chart files by "<chart>-<version>", where known: the publishers' lists could not be read
 * when these versions were chosen, so there is none yet. A stack gives its own in `charts.digests`.
 */
export const chartDigests: Readonly<Record<string, string>> = {};

/** Images of storage, as the charts above bring them or are told to. */
export const storageImages = {
  ceph: "quay.io/ceph/ceph:v20.2.4",
  portworx: "portworx/oci-monitor:3.6.1",
  /** The newest that goes with the definitions of 8.6.0 in templates/definitions. */
  snapshotController: "registry.k8s.io/sig-storage/snapshot-controller:v8.5.0",
} as const;

/** Cluster Autoscaler by minor of Kubernetes: it simulates that minor's scheduler. */
export const clusterAutoscaler: Readonly<Record<string, string>> = {
  "1.33": "v1.33.6",
  "1.34": "v1.34.5",
  "1.35": "v1.35.2",
  "1.36": "v1.36.1",
};

/** Managed add-ons that every EKS cluster of ours has. */
export type EksAddonName =
  | "vpc-cni"
  | "kube-proxy"
  | "coredns"
  | "eks-pod-identity-agent"
  | "eks-node-monitoring-agent"
  | "aws-ebs-csi-driver"
  | "metrics-server";

/**
 * EKS minors on offer, each with the add-on builds that go with it.
 * Source: clusters described in public repositories, August to November 2026. The authority is
 * `aws eks describe-addon-versions --kubernetes-version <minor>`; ask it before moving one.
 */
export const eksVersions: Readonly<Record<string, Readonly<Record<EksAddonName, string>>>> = {
  "1.33": {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.33.10-eksbuild.29",
    coredns: "v1.12.4-eksbuild.38",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "eks-node-monitoring-agent": "v1.6.4-eksbuild.1",
    "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
    // 0.9 asks for Kubernetes 1.34.
    "metrics-server": "v0.8.1-eksbuild.10",
  },
  "1.34": {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.34.6-eksbuild.29",
    coredns: "v1.12.4-eksbuild.38",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "eks-node-monitoring-agent": "v1.6.4-eksbuild.1",
    "aws-ebs-csi-driver": "v1.66.0-eksbuild.1",
    "metrics-server": "v0.9.0-eksbuild.11",
  },
  "1.35": {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.35.3-eksbuild.21",
    coredns: "v1.13.2-eksbuild.21",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "eks-node-monitoring-agent": "v1.6.4-eksbuild.1",
    "aws-ebs-csi-driver": "v1.66.0-eksbuild.1",
    "metrics-server": "v0.9.0-eksbuild.11",
  },
  "1.36": {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.36.0-eksbuild.25",
    coredns: "v1.14.3-eksbuild.23",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "eks-node-monitoring-agent": "v1.6.4-eksbuild.1",
    "aws-ebs-csi-driver": "v1.66.0-eksbuild.1",
    "metrics-server": "v0.9.0-eksbuild.11",
  },
};

/** Cloud controller manager of AWS by exact Kubernetes version; it follows the minor. */
export const awsCloudController: Readonly<Record<string, string>> = {
  "1.36.3": "1.36.1",
  "1.36.1": "1.36.1",
};

/** Images of the EBS driver's controller on EC2: those of chart aws-ebs-csi-driver 2.64.0. */
export const ebsDriverImages = {
  driver: "public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.64.0",
  provisioner: "public.ecr.aws/csi-components/csi-provisioner:v6.3.0-eksbuild.4",
  attacher: "public.ecr.aws/csi-components/csi-attacher:v4.12.0-eksbuild.5",
  snapshotter: "public.ecr.aws/csi-components/csi-snapshotter:v8.6.0-eksbuild.5",
  resizer: "public.ecr.aws/csi-components/csi-resizer:v2.2.1-eksbuild.3",
  livenessProbe: "public.ecr.aws/csi-components/livenessprobe:v2.19.0-eksbuild.5",
} as const;
