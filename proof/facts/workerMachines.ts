/** Machines of worker pools on AWS: a pool has a group of like machines in each zone. */
import type { Graph, GraphNode } from "../graph.ts";
import type { DomainId, ModelBuilder, NodeGroup, WorkerPool } from "../model.ts";
import { labelsIn, numberIn, textIn } from "../read.ts";
import { taintsIn } from "./podFields.ts";

/** What all machines of a pool have in common. */
export interface PoolFacts {
  name: string;
  minNodes: number | undefined;
  cpus: number | undefined;
  memoryGiB: number | undefined;
  pods: number | undefined;
  labels: Record<string, string>;
  taints: unknown;
}

/** Machines of one group in one zone; machines of a group are named by number. */
export function addMachines(
  builder: ModelBuilder,
  facts: PoolFacts,
  group: string,
  zone: DomainId,
  count: number,
): void {
  const zoneName = builder.model.domains[zone]?.name ?? "";
  const { cpus, memoryGiB, pods } = facts;
  const labels = { ...facts.labels, "topology.kubernetes.io/zone": zoneName };
  const taints = taintsIn(facts.taints);
  for (let index = 1; index <= count; index += 1) {
    const name = `${group}#${index}`;
    const machine = builder.domain("machine", name, [zone]);
    const parts = [
      machine,
      builder.domain("disk", `of ${name}`, [machine]),
      builder.domain("interface", `of ${name}`, [machine]),
    ];
    builder.model.nodes.push({
      name,
      standsIn: parts,
      machine,
      zone,
      pool: facts.name,
      cpuMilli: cpus === undefined ? undefined : cpus * 1000,
      memoryMiB: memoryGiB === undefined ? undefined : memoryGiB * 1024,
      pods,
      labels,
      taints,
    });
  }
}

/** The pool's group in one more zone. */
export function addToPool(
  pools: Map<string, WorkerPool>,
  { name, minNodes }: PoolFacts,
  group: NodeGroup,
): void {
  const pool = pools.get(name) ?? { name, minNodes, groups: [] };
  pools.set(name, pool);
  pool.groups.push(group);
}

/** Facts of the pool component that a group belongs to; the group's own labels and taints go before. */
export function poolAbove(graph: Graph, group: GraphNode): PoolFacts {
  let parent = group.parent === undefined ? undefined : graph.nodes.get(group.parent);
  while (parent && !/^quorum:\w+:NodePool$/.test(parent.type)) {
    parent = parent.parent === undefined ? undefined : graph.nodes.get(parent.parent);
  }
  return {
    name: textIn(parent?.inputs.pool) ?? group.name,
    minNodes: numberIn(parent?.inputs.minNodes),
    cpus: numberIn(parent?.inputs.nodeCpus),
    memoryGiB: numberIn(parent?.inputs.nodeMemoryGiB),
    pods: numberIn(parent?.inputs.podsPerNode),
    labels: {
      ...labelsIn(parent?.inputs.labels),
      ...labelsIn(group.inputs.labels),
    },
    taints: group.inputs.taints ?? parent?.inputs.taints,
  };
}
