/** Facts of a self-managed cluster on EC2: members that keep disk and address, a network load balancer. */
import type { Graph, GraphNode } from "../graph.ts";
import type { ModelBuilder, Part, WorkerPool } from "../model.ts";
import { numberIn, textIn, textsIn } from "../read.ts";
import { clusterFacts } from "./clusterFacts.ts";
import { taintsIn } from "./podFields.ts";
import { addMachines, addToPool, poolAbove } from "./workerMachines.ts";

/** A machine with its own disk and interface in a zone. */
function partIn(name: string, node: GraphNode, builder: ModelBuilder): Part {
  const zone = textIn(node.inputs.zone);
  const within = zone === undefined ? [] : [builder.domain("zone", zone)];
  const machine = builder.domain("machine", name, within);
  return {
    name,
    standsIn: [
      machine,
      builder.domain("disk", `of ${name}`, [machine]),
      builder.domain("interface", `of ${name}`, [machine]),
    ],
  };
}

function addMembers(graph: Graph, builder: ModelBuilder): void {
  const members = graph
    .ofType("quorum:ec2:EtcdMember")
    .map((node) => partIn(textIn(node.inputs.member) ?? node.name, node, builder));
  if (members.length === 0) return;
  builder.model.quorums.push({ kind: "etcd", name: "etcd", fixKey: "zones", members });
}

/**
 * What the control plane's own pods ask for: kubeadm's requests, and room for an API server that grows
 * with the cluster, of which its request says nothing.
 */
const ownPods = { cpuMilli: 600, memoryMiB: 2048 };

/** A control plane as a place for pods that select it; undefined sizes leave it out. */
function addControlPlaneNode(name: string, node: GraphNode, builder: ModelBuilder): void {
  const cpus = numberIn(node.inputs.cpus);
  const memoryGiB = numberIn(node.inputs.memoryGiB);
  const zoneName = textIn(node.inputs.zone);
  if (cpus === undefined || memoryGiB === undefined || zoneName === undefined) return;
  const zone = builder.domain("zone", zoneName);
  const machine = builder.domain("machine", name, [zone]);
  builder.model.controlPlaneNodes.push({
    name,
    standsIn: [machine],
    machine,
    zone,
    pool: "control-plane",
    cpuMilli: cpus * 1000 - ownPods.cpuMilli,
    memoryMiB: memoryGiB * 1024 - ownPods.memoryMiB,
    pods: numberIn(node.inputs.podsPerNode) ?? 110,
    labels: {
      "node-role.kubernetes.io/control-plane": "",
      "topology.kubernetes.io/zone": zoneName,
    },
    taints: taintsIn([{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }]),
  });
}

function addApi(graph: Graph, builder: ModelBuilder): void {
  const servers = new Map<string, Part>();
  for (const node of graph.ofType("quorum:ec2:ControlPlane")) {
    const name = textIn(node.inputs.name) ?? node.name;
    servers.set(name, partIn(name, node, builder));
    addControlPlaneNode(name, node, builder);
  }
  builder.model.apiServers.push(...servers.values());
  for (const { name, inputs } of graph.ofType("quorum:ec2:ApiLoadBalancer")) {
    const instances = (textsIn(inputs.zones) ?? []).map((zoneName): Part => {
      const zone = builder.domain("zone", zoneName);
      const balancer = builder.domain("load-balancer", `${name} in ${zoneName}`, [zone]);
      return { name: `${name} in ${zoneName}`, standsIn: [balancer] };
    });
    const targets = (textsIn(inputs.backends) ?? []).flatMap((backend): Part[] => {
      const server = servers.get(backend);
      if (!server) return [];
      const target = builder.domain("target", `${backend} of ${name}`, server.standsIn);
      return [{ name: backend, standsIn: [target] }];
    });
    builder.model.frontends.push({
      kind: "network-load-balancer",
      name,
      standsIn: [],
      instances,
      targets,
      crossZone: inputs.crossZone !== false,
    });
  }
}

function addWorkers(graph: Graph, builder: ModelBuilder): void {
  const pools = new Map<string, WorkerPool>();
  for (const group of graph.ofType("quorum:ec2:ZoneWorkers")) {
    const { inputs, name } = group;
    const zoneName = textIn(inputs.zone);
    const desiredNodes = numberIn(inputs.desiredNodes);
    if (zoneName === undefined || desiredNodes === undefined) {
      builder.capacityGap(
        `the plan does not say where ${name} has how many machines`,
        `set zone and desiredNodes of ${name}`,
      );
      continue;
    }
    const zone = builder.domain("zone", zoneName);
    const facts = poolAbove(graph, group);
    const maxNodes = numberIn(inputs.maxNodes) ?? desiredNodes;
    addToPool(pools, facts, { zone, desiredNodes, maxNodes });
    addMachines(builder, facts, name, zone, desiredNodes);
  }
  builder.model.pools.push(...pools.values());
}

/** Add what the components of the `ec2` platform say. */
export function ec2Facts(graph: Graph, builder: ModelBuilder): void {
  addMembers(graph, builder);
  addApi(graph, builder);
  addWorkers(graph, builder);
  for (const cluster of graph.ofType("quorum:ec2:Cluster")) clusterFacts(cluster, builder);
}
