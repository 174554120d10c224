import type { ClusterConfig } from "./schema.ts";
import type { ChartName } from "./versions.ts";

type Choices = Pick<Extract<ClusterConfig, { platform: "ec2" }>, "storage" | "ingress">;

/** Charts that a cluster on AWS installs. */
export function awsCharts(platform: "eks" | "ec2", { storage, ingress }: Choices): ChartName[] {
  const has = (backend: string) => storage.some((one) => one.backend === backend);
  return [
    "cluster-autoscaler",
    ...(platform === "ec2" ? (["metrics-server"] as const) : []),
    ...(platform === "ec2" && has("ebs") ? (["aws-ebs-csi-driver"] as const) : []),
    ...(has("rook-ceph") ? cephCharts : []),
    ...(has("portworx") ? (["portworx"] as const) : []),
    ...(ingress === undefined ? [] : (["aws-load-balancer-controller"] as const)),
  ];
}

/** Charts that a cluster on hosts installs. */
export function hostsCharts({
  podNetwork,
  storage,
}: Pick<Extract<ClusterConfig, { platform: "hosts" }>, "podNetwork" | "storage">): ChartName[] {
  return [
    ...(podNetwork === "cilium" ? (["cilium"] as const) : []),
    ...(storage.length > 0 ? cephCharts : []),
  ];
}

const cephCharts: readonly ChartName[] = ["rook-ceph", "ceph-csi-drivers"];
