import { type Architecture, instanceTypes } from "../config/aws.ts";
import type { EksConfig, PoolConfig, TaintConfig } from "../config/schema.ts";

/** A pool: what all its nodes have in common. */
export interface PoolPlan {
  name: string;
  /** Nodes that remain when any one zone is lost. */
  minNodes: number;
  instanceTypes: string[];
  /** CPUs and memory of the smallest type: what can be counted on. */
  nodeCpus: number;
  nodeMemoryGiB: number;
  architecture: Architecture;
  /** EKS's name for the image family. */
  amiType: "AL2023_x86_64_STANDARD" | "AL2023_ARM_64_STANDARD";
  capacityType: "ON_DEMAND" | "SPOT";
  volumeGiB: number;
  podsPerNode: number;
  /** Nodeadm's part of the user data: the same for every node, without secrets. */
  userData: string;
  groups: NodeGroupPlan[];
}

/** The nodes of a pool in one zone. */
export interface NodeGroupPlan {
  zone: string;
  minNodes: number;
  desiredNodes: number;
  maxNodes: number;
  labels: Record<string, string>;
  taints: TaintConfig[];
  /** Tags on the scaling group that tell the autoscaler what a first node would look like. */
  autoscalerTags: Record<string, string>;
}

/** Label that says which pool a node belongs to. */
export const poolLabel = "quorum/pool";

export function planPools(config: EksConfig): PoolPlan[] {
  return Object.entries(config.pools).map(([name, pool]) => planPool(name, pool, config.zones));
}

function planPool(name: string, pool: PoolConfig, zones: readonly string[]): PoolPlan {
  const types = pool.instanceTypes.flatMap((type) => instanceTypes.get(type) ?? []);
  return {
    name,
    minNodes: pool.minNodes,
    instanceTypes: pool.instanceTypes,
    nodeCpus: Math.min(...types.map(({ cpus }) => cpus)),
    nodeMemoryGiB: Math.min(...types.map(({ memoryGiB }) => memoryGiB)),
    architecture: pool.architecture,
    amiType: pool.architecture === "arm64" ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD",
    capacityType: pool.capacity === "spot" ? "SPOT" : "ON_DEMAND",
    volumeGiB: pool.volumeGiB,
    podsPerNode: pool.podsPerNode,
    userData: nodeUserData(pool.podsPerNode),
    groups: (pool.zones ?? zones).map((zone) => planGroup(name, pool, zone)),
  };
}

function planGroup(poolName: string, pool: PoolConfig, zone: string): NodeGroupPlan {
  const labels = { ...pool.labels, [poolLabel]: poolName };
  return {
    zone,
    minNodes: pool.nodesPerZone.min,
    desiredNodes: pool.nodesPerZone.desired,
    maxNodes: pool.nodesPerZone.max,
    labels,
    taints: pool.taints,
    autoscalerTags: autoscalerTags({ ...labels, ...zoneLabels(zone) }, pool),
  };
}

/** Labels that a node gets from the cloud; volumes are bound by the second. */
export function zoneLabels(zone: string): Record<string, string> {
  return { "topology.kubernetes.io/zone": zone, "topology.ebs.csi.aws.com/zone": zone };
}

/** What all tags for scaling from zero begin with. */
export const autoscalerPrefix = "k8s.io/cluster-autoscaler/node-template/";

/** Source: Cluster Autoscaler, AWS provider, "Auto-discovery setup" (scale from zero). */
export function autoscalerTags(
  labels: Record<string, string>,
  pool: PoolConfig,
): Record<string, string> {
  const prefix = autoscalerPrefix;
  return Object.fromEntries([
    ...Object.entries(labels).map(([key, value]) => [`${prefix}label/${key}`, value]),
    ...pool.taints.map(({ key, value, effect }) => [`${prefix}taint/${key}`, `${value}:${effect}`]),
    [`${prefix}resources/ephemeral-storage`, `${pool.volumeGiB}Gi`],
  ]);
}

/**
 * A multi-part document whose one part is a NodeConfig; EKS adds its own part with the cluster's
 * address. Source: nodeadm, "NodeConfig"; EKS guide, "Customize managed nodes with launch templates".
 */
function nodeUserData(podsPerNode: number): string {
  return `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  kubelet:
    config:
      maxPods: ${podsPerNode}
      shutdownGracePeriod: 45s
      shutdownGracePeriodCriticalPods: 15s

--//--
`;
}
