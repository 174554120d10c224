/** Facts of a managed control plane on EKS and of its node groups. */
import type { Graph } from "../graph.ts";
import type { DomainId, ModelBuilder, WorkerPool } from "../model.ts";
import { at, numberIn, textIn } from "../read.ts";
import { zonesOf } from "./awsNetwork.ts";
import { addonFacts } from "./eksAddons.ts";
import { addMachines, addToPool, poolAbove } from "./workerMachines.ts";

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

function addNodeGroups(graph: Graph, builder: ModelBuilder, zones: Map<string, DomainId>): void {
  const pools = new Map<string, WorkerPool>();
  for (const group of graph.ofType("aws:eks/nodeGroup:NodeGroup")) {
    const facts = poolAbove(graph, group);
    const scaling = group.inputs.scalingConfig;
    const desired = numberIn(at(scaling, "desiredSize"));
    const [zone, other] = zonesOf(graph, group, ["subnetIds"], zones);
    if (desired === undefined || zone === undefined) {
      builder.capacityGap(
        `the plan does not say where ${group.name} has how many machines`,
        `set scalingConfig.desiredSize of ${group.name}, and subnets whose availabilityZone is in the plan`,
      );
      continue;
    }
    if (other !== undefined) {
      builder.capacityGap(
        `${group.name} spans several zones: the plan does not say how many machines stand in each`,
        `make one node group for each zone of ${group.name}`,
      );
      continue;
    }
    addToPool(pools, facts, {
      zone,
      desiredNodes: desired,
      maxNodes: numberIn(at(scaling, "maxSize")) ?? desired,
    });
    addMachines(builder, facts, group.name, zone, desired);
  }
  builder.model.pools.push(...pools.values());
}

/** Add what AWS resources and the components of the `eks` platform say. */
export function eksFacts(graph: Graph, builder: ModelBuilder, zones: Map<string, DomainId>): void {
  addControlPlane(graph, builder, zones);
  addNodeGroups(graph, builder, zones);
  addonFacts(graph, builder);
}
