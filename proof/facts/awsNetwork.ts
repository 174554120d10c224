/** Facts of an AWS network: the zone of each subnet, and its way out. */
import { type Graph, type GraphNode, sources } from "../graph.ts";
import type { DomainId, ModelBuilder } from "../model.ts";
import { textIn } from "../read.ts";

const subnetType = "aws:ec2/subnet:Subnet";

/** What starts machines, and the property that names their subnets. */
const machineGroups: [type: string, property: string][] = [
  ["aws:eks/nodeGroup:NodeGroup", "subnetIds"],
  ["aws:autoscaling/group:Group", "vpcZoneIdentifiers"],
];

/** Subnet URN to its zone. */
export function zonesBySubnet(graph: Graph, builder: ModelBuilder): Map<string, DomainId> {
  const zones = new Map<string, DomainId>();
  const region = regionOf(graph);
  const within = region === undefined ? [] : [builder.domain("region", region)];
  for (const subnet of graph.ofType(subnetType)) {
    const zone = textIn(subnet.inputs.availabilityZone);
    if (zone === undefined) {
      builder.gap(
        "egress",
        `the plan does not say in which zone subnet ${subnet.name} lies`,
        `set availabilityZone of subnet ${subnet.name} to a name`,
      );
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

/** Zones of the subnets that any of the properties is computed from. */
export function zonesOf(
  graph: Graph,
  node: GraphNode,
  properties: readonly string[],
  zones: Map<string, DomainId>,
): DomainId[] {
  const subnets = properties.flatMap((name) => sources(graph, node, name, subnetType));
  return [...new Set(subnets.flatMap(({ urn }) => zones.get(urn) ?? []))];
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
export function addEgress(graph: Graph, builder: ModelBuilder, zones: Map<string, DomainId>): void {
  const byTable = gateways(graph, builder, zones);
  const through = new Map<string, DomainId>();
  for (const link of graph.ofType("aws:ec2/routeTableAssociation:RouteTableAssociation")) {
    const [table] = sources(graph, link, "routeTableId", "aws:ec2/routeTable:RouteTable");
    const [subnet] = sources(graph, link, "subnetId", subnetType);
    const nat = table && byTable.get(table.urn);
    if (subnet && nat !== undefined) through.set(subnet.urn, nat);
  }
  const used = new Map<DomainId, DomainId | undefined>();
  for (const [type, property] of machineGroups) {
    for (const group of graph.ofType(type)) {
      for (const subnet of sources(graph, group, property, subnetType)) {
        const zone = zones.get(subnet.urn);
        if (zone !== undefined) used.set(zone, through.get(subnet.urn) ?? used.get(zone));
      }
    }
  }
  if (used.size === 0) return;
  builder.model.egress = [...used].map(([zone, nat]) => ({ zone, through: nat }));
}
