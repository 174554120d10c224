/** Facts of Ceph: monitors, pools and where their replicas stand. Read from the custom resources. */
import type { Graph } from "../graph.ts";
import type { DomainId, ModelBuilder, Part } from "../model.ts";
import { at, listIn, numberIn, quantityIn, textIn } from "../read.ts";
import { cephObjects, monitorsIn } from "./cephObjects.ts";

function addMonitors(name: string, spec: unknown, builder: ModelBuilder): void {
  const { count, zones: named } = monitorsIn(spec);
  const zones = named.filter((zone) => zone !== undefined);
  if (zones.length === 0) {
    builder.gap(
      "storage-quorum",
      `the plan does not say in which zones the monitors of ${name} stand`,
      `name a zone for each monitor in mon.zones of ${name}`,
    );
    return;
  }
  const members = Array.from({ length: count }, (_, index): Part => {
    const zone = zones[index % zones.length] as string;
    return { name: `mon-${index + 1}`, standsIn: [builder.domain("zone", zone)] };
  });
  const quorum = {
    kind: "ceph-mon" as const,
    name: `Ceph ${name}`,
    fixKey: "mon.count, mon.zones",
  };
  builder.model.quorums.push({ ...quorum, members });
}

/** Zones in which object stores of the cluster stand, from its device sets or nodes. */
function storeZones(spec: unknown, builder: ModelBuilder): DomainId[] {
  const sets = listIn(at(spec, "storage", "storageClassDeviceSets")) ?? [];
  const names = new Set<string>();
  for (const set of sets) {
    const terms = listIn(
      at(
        set,
        "placement",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
      ),
    );
    for (const term of terms ?? []) {
      for (const rule of listIn(at(term, "matchExpressions")) ?? []) {
        if (at(rule, "key") !== "topology.kubernetes.io/zone") continue;
        for (const value of listIn(at(rule, "values")) ?? []) {
          const zone = textIn(value);
          if (zone !== undefined) names.add(zone);
        }
      }
    }
    // Spread over zones and nothing else said: every zone with machines can hold a store.
    if (names.size === 0 && (numberIn(at(set, "count")) ?? 0) > 0) {
      for (const node of builder.model.nodes) {
        const name = builder.model.domains[node.zone]?.name;
        if (name !== undefined) names.add(name);
      }
    }
  }
  // Whole disks of machines that are named one by one.
  for (const entry of listIn(at(spec, "storage", "nodes")) ?? []) {
    const machine = builder.model.nodes.find((node) => node.name === textIn(at(entry, "name")));
    const name = machine && builder.model.domains[machine.zone]?.name;
    if (name !== undefined) names.add(name);
  }
  return [...names].map((name) => builder.domain("zone", name));
}

function placesOf(
  failureDomain: string,
  zones: readonly DomainId[],
  builder: ModelBuilder,
): Part[] | undefined {
  if (zones.length === 0) return undefined;
  const inZones = builder.model.nodes.filter((node) => zones.includes(node.zone));
  if (failureDomain === "zone") {
    return zones.map((zone) => ({
      name: `the stores in ${builder.model.domains[zone]?.name}`,
      standsIn: [zone, ...inZones.filter((node) => node.zone === zone).map((one) => one.machine)],
    }));
  }
  return inZones.map((node) => ({ name: `the stores on ${node.name}`, standsIn: [node.machine] }));
}

function addPool(name: string, spec: unknown, zones: DomainId[], builder: ModelBuilder): void {
  const size = numberIn(at(spec, "replicated", "size"));
  if (size === undefined) {
    builder.gap(
      "storage-min-size",
      `the plan does not say how many replicas pool ${name} keeps`,
      `set replicated.size of pool ${name}; pools with erasure coding are not judged`,
    );
    return;
  }
  const failureDomain = textIn(at(spec, "failureDomain")) ?? "host";
  // Ceph's default: size minus half of it, osd_pool_default_min_size.
  const minSize = quantityIn(at(spec, "parameters", "min_size")) ?? size - Math.floor(size / 2);
  builder.model.storage.push({
    name: `pool ${name}`,
    size,
    minSize,
    failureDomain: failureDomain === "zone" ? "zone" : "machine",
    places: placesOf(failureDomain, zones, builder),
  });
}

/** Add Ceph clusters and pools of the plan. */
export function storageFacts(graph: Graph, builder: ModelBuilder): void {
  let zones: DomainId[] = [];
  for (const { name, spec } of cephObjects(graph, "CephCluster")) {
    addMonitors(name, spec, builder);
    zones = [...new Set([...zones, ...storeZones(spec, builder)])];
  }
  for (const { name, spec } of cephObjects(graph, "CephBlockPool")) {
    addPool(name, spec, zones, builder);
  }
}
