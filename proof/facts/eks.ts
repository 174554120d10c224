/** Facts of a managed control plane on EKS and of AWS networks and node groups. */
import { type Graph, type GraphNode, sources } from "../graph.ts";
import type { DomainId, ModelBuilder, WorkerPool } from "../model.ts";
import { at, labelsIn, numberIn, textIn } from "../read.ts";
import { addonFacts } from "./eksAddons.ts";
import { taintsIn } from "./podFields.ts";

const subnetType = "aws:ec2/subnet:Subnet";

/** Subnet URN to its zone. */
function zonesBySubnet(graph: Graph, builder: ModelBuilder): Map<string, DomainId> {
  const zones = new Map<string, DomainId>();
  const region = regionOf(graph);
  const within = region === undefined ? [] : [builder.domain("region", region)];
  for (const subnet of graph.ofType(subnetType)) {
    const zone = textIn(subnet.inputs.availabilityZone);
    if (zone === undefined) {
      builder.gap("egress", `the plan does not say in which zone subnet ${subnet.name} lies`);
      continue;
    }
    zones.set(subnet.urn, builder.domain("zone", zone, within));
  }
  return zones;
}

function regionOf(graph: Graph): string | undefined {
  const cluster = graph.ofType("quorum:eks:Cluster")[0] ?? graph.ofType("quorum:ec2:Cluster")[0];
  const provider = graph.ofType("pulumi:providers:aws")[0];
  return textIn(cluster?.inputs.region) ?? textIn(provider?.inputs.region);
}

function zonesOf(
  graph: Graph,
  node: GraphNode,
  properties: readonly string[],
  zones: Map<string, DomainId>,
): DomainId[] {
  const subnets = properties.flatMap((name) => sources(graph, node, name, subnetType));
  return [...new Set(subnets.flatMap(({ urn }) => zones.get(urn) ?? []))];
}

function addControlPlane(graph: Graph, builder: ModelBuilder, zones: Map<string, DomainId>): void {
  const cluster =
    graph.ofType("eks:index:Cluster")[0] ?? graph.ofType("aws:eks/cluster:Cluster")[0];
  if (!cluster) return;
  const properties = ["subnetIds", "privateSubnetIds", "publicSubnetIds", "vpcConfig"];
  builder.model.managed = {
    name: textIn(cluster.inputs.name) ?? cluster.name,
    provider: "Amazon EKS",
    // "at least two API server instances and three etcd instances in three zones": EKS user guide,
    // "Resilience in Amazon EKS".
    promisedZones: 1,
    endpointZones: zonesOf(graph, cluster, properties, zones),
  };
}

interface PoolFacts {
  name: string;
  minNodes: number | undefined;
  cpus: number | undefined;
  memoryGiB: number | undefined;
  pods: number | undefined;
  labels: Record<string, string>;
  taints: unknown;
}

function poolOf(graph: Graph, group: GraphNode): PoolFacts {
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

function addMachines(
  builder: ModelBuilder,
  facts: PoolFacts,
  group: GraphNode,
  zone: DomainId,
  count: number,
): void {
  const zoneName = builder.model.domains[zone]?.name ?? "";
  const { cpus, memoryGiB, pods } = facts;
  const labels = { ...facts.labels, "topology.kubernetes.io/zone": zoneName };
  const taints = taintsIn(facts.taints);
  for (let index = 1; index <= count; index += 1) {
    const name = `${group.name}#${index}`;
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

function addNodeGroups(graph: Graph, builder: ModelBuilder, zones: Map<string, DomainId>): void {
  const pools = new Map<string, WorkerPool>();
  for (const group of graph.ofType("aws:eks/nodeGroup:NodeGroup")) {
    const facts = poolOf(graph, group);
    const scaling = group.inputs.scalingConfig;
    const desired = numberIn(at(scaling, "desiredSize"));
    const [zone, other] = zonesOf(graph, group, ["subnetIds"], zones);
    if (desired === undefined || zone === undefined) {
      builder.gap("capacity", `the plan does not say where ${group.name} has how many machines`);
      continue;
    }
    if (other !== undefined) {
      builder.gap(
        "capacity",
        `${group.name} spans several zones: the plan does not say how many machines stand in each`,
      );
      continue;
    }
    const pool = pools.get(facts.name) ?? {
      name: facts.name,
      minNodes: facts.minNodes,
      groups: [],
    };
    pools.set(facts.name, pool);
    pool.groups.push({
      zone,
      desiredNodes: desired,
      maxNodes: numberIn(at(scaling, "maxSize")) ?? desired,
    });
    addMachines(builder, facts, group, zone, desired);
  }
  builder.model.pools.push(...pools.values());
}

/** NAT gateways by URN, and the one that each route table leads to. */
function gateways(graph: Graph, builder: ModelBuilder, zones: Map<string, DomainId>) {
  const nats = new Map<string, DomainId>();
  for (const gateway of graph.ofType("aws:ec2/natGateway:NatGateway")) {
    const within = zonesOf(graph, gateway, ["subnetId"], zones);
    nats.set(gateway.urn, builder.domain("nat", gateway.name, within));
  }
  const byTable = new Map<string, DomainId>();
  const natOf = (node: GraphNode, property: string): DomainId | undefined => {
    const [source] = sources(graph, node, property, "aws:ec2/natGateway:NatGateway");
    return source && nats.get(source.urn);
  };
  for (const route of graph.ofType("aws:ec2/route:Route")) {
    const nat = natOf(route, "natGatewayId");
    const [table] = sources(graph, route, "routeTableId", "aws:ec2/routeTable:RouteTable");
    if (nat !== undefined && table) byTable.set(table.urn, nat);
  }
  for (const table of graph.ofType("aws:ec2/routeTable:RouteTable")) {
    const nat = natOf(table, "routes");
    if (nat !== undefined) byTable.set(table.urn, nat);
  }
  return byTable;
}

/** The way out of every zone that holds machines: subnet, route table, NAT gateway. */
function addEgress(graph: Graph, builder: ModelBuilder, zones: Map<string, DomainId>): void {
  const byTable = gateways(graph, builder, zones);
  const through = new Map<string, DomainId>();
  for (const link of graph.ofType("aws:ec2/routeTableAssociation:RouteTableAssociation")) {
    const [table] = sources(graph, link, "routeTableId", "aws:ec2/routeTable:RouteTable");
    const [subnet] = sources(graph, link, "subnetId", subnetType);
    const nat = table && byTable.get(table.urn);
    if (subnet && nat !== undefined) through.set(subnet.urn, nat);
  }
  const used = new Map<DomainId, DomainId | undefined>();
  for (const group of graph.ofType("aws:eks/nodeGroup:NodeGroup")) {
    for (const subnet of sources(graph, group, "subnetIds", subnetType)) {
      const zone = zones.get(subnet.urn);
      if (zone !== undefined) used.set(zone, through.get(subnet.urn) ?? used.get(zone));
    }
  }
  builder.model.egress = [...used].map(([zone, nat]) => ({ zone, through: nat }));
}

/** Add what AWS resources and the components of the `eks` platform say. */
export function eksFacts(graph: Graph, builder: ModelBuilder): void {
  if (graph.ofType(subnetType).length === 0) return;
  const zones = zonesBySubnet(graph, builder);
  addControlPlane(graph, builder, zones);
  addNodeGroups(graph, builder, zones);
  addEgress(graph, builder, zones);
  addonFacts(graph, builder);
}
