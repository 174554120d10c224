import { instanceTypes } from "../../config/aws.ts";
import type { Ec2Config, PoolConfig } from "../../config/schema.ts";
import { storagePools } from "../charts/clusterAutoscaler.ts";
import { autoscalerTags, poolLabel, zoneLabels } from "../pools.ts";
import { workerNode } from "./kubernetes.ts";
import { type FileSources, workerMachine } from "./machineFiles.ts";
import type { MachineGroupPlan } from "./machineGroup.ts";

/** A worker pool; its machine files are the same in every zone. */
export interface Ec2PoolPlan {
  name: string;
  /** Nodes that remain when any one zone is lost. */
  minNodes: number;
  /** CPUs and memory of the smallest type: what can be counted on. */
  nodeCpus: number;
  nodeMemoryGiB: number;
  podsPerNode: number;
  instanceTypes: string[];
  capacity: PoolConfig["capacity"];
  groups: Ec2NodeGroupPlan[];
}

/** A pool's machines in one zone. */
export interface Ec2NodeGroupPlan {
  zone: string;
  minNodes: number;
  desiredNodes: number;
  maxNodes: number;
  labels: Record<string, string>;
  taints: PoolConfig["taints"];
  /** Tags by which the autoscaler finds the group (none on a pool that carries storage), and what a first node would look like. */
  autoscalerTags: Record<string, string>;
  group: MachineGroupPlan;
}

export function planEc2Pools(config: Ec2Config, sources: FileSources): Ec2PoolPlan[] {
  return Object.entries(config.pools).map(([name, pool]) => planPool(config, sources, name, pool));
}

function planPool(
  config: Ec2Config,
  sources: FileSources,
  name: string,
  pool: PoolConfig,
): Ec2PoolPlan {
  const types = pool.instanceTypes.flatMap((type) => instanceTypes.get(type) ?? []);
  const labels = { ...pool.labels, [poolLabel]: name };
  const { taints, podsPerNode } = pool;
  const files = workerMachine(sources, workerNode({ labels, taints, podsPerNode }));
  const groupIn = (zone: string): Ec2NodeGroupPlan => ({
    zone,
    minNodes: pool.nodesPerZone.min,
    desiredNodes: pool.nodesPerZone.desired,
    maxNodes: pool.nodesPerZone.max,
    labels,
    taints,
    autoscalerTags: {
      ...(storagePools(config).includes(name)
        ? {}
        : {
            "k8s.io/cluster-autoscaler/enabled": "true",
            [`k8s.io/cluster-autoscaler/${config.name}`]: "owned",
          }),
      ...autoscalerTags({ ...labels, ...zoneLabels(zone) }, pool),
    },
    group: {
      name: `${config.name}-${name}-${zone}`,
      role: "worker",
      place: `${name}/${zone}`,
      architecture: pool.architecture,
      instanceType: pool.instanceTypes[0] ?? "",
      volumeGiB: pool.volumeGiB,
      files,
    },
  });
  return {
    name,
    minNodes: pool.minNodes,
    nodeCpus: Math.min(...types.map(({ cpus }) => cpus)),
    nodeMemoryGiB: Math.min(...types.map(({ memoryGiB }) => memoryGiB)),
    podsPerNode,
    instanceTypes: pool.instanceTypes,
    capacity: pool.capacity,
    groups: (pool.zones ?? config.zones).map(groupIn),
  };
}
