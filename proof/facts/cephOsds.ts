/** Pods of Ceph's OSDs, one for each disk. Source: Rook, pkg/operator/ceph/cluster/osd. */
import { keepsTerms } from "../labelRule.ts";
import { type DomainId, type ModelBuilder, podMachines } from "../model.ts";
import { at, entriesIn, listIn, numberIn, quantityIn, textIn } from "../read.ts";
import type { CephObject } from "./cephObjects.ts";
import { addPods, logCollector, type Place, placeOf, resourcesOf, saidIn } from "./cephPods.ts";
import { inZone, requestsOf, spreadIn } from "./podFields.ts";

function osdsSaidIn(cluster: CephObject): string {
  return saidIn(cluster, ["osd", ...logCollector(cluster)]);
}

function containersOf(cluster: CephObject, own: unknown): unknown[] {
  return [
    own ?? resourcesOf(cluster, "osd"),
    ...logCollector(cluster).map((key) => resourcesOf(cluster, key)),
  ];
}

/** Disks by zone: as many in each, where the pods that make them are spread by a rule that must hold. */
function disksByZone(
  count: number,
  set: unknown,
  place: Place,
  builder: ModelBuilder,
): [zone: string | undefined, disks: number][] {
  const { zoneSpread } = spreadIn(at(set, "preparePlacement") ?? at(set, "placement"));
  if (zoneSpread !== "hard") return [[undefined, count]];
  const zones = new Set(
    podMachines(builder.model)
      .filter(({ labels }) => keepsTerms(place.nodeAffinity, labels))
      .map(({ zone }) => builder.model.domains[zone]?.name ?? ""),
  );
  if (zones.size === 0) return [[undefined, count]];
  const names = [...zones].toSorted();
  return names.map((name, index) => [
    name,
    Math.floor(count / names.length) + (index < count % names.length ? 1 : 0),
  ]);
}

/** Disks that are volumes: a portable one follows its pod within the zone, another stays on its machine. */
function addDeviceSet(cluster: CephObject, set: unknown, builder: ModelBuilder): void {
  const name = textIn(at(set, "name")) ?? "disks";
  const count = numberIn(at(set, "count"));
  if (count === undefined) {
    builder.capacityGap(
      `the plan does not say how many disks set ${name} of Ceph ${cluster.name} has`,
      `set count of the storageClassDeviceSet ${name}`,
    );
    return;
  }
  const all = at(cluster.spec, "placement", "all");
  const place = placeOf(all, at(set, "placement"));
  for (const [zone, replicas] of disksByZone(count, set, place, builder)) {
    if (replicas === 0) continue;
    addPods(
      {
        name: `rook-ceph-osd of ${name}${zone === undefined ? "" : ` in ${zone}`}`,
        app: "rook-ceph-osd",
        namespace: cluster.namespace,
        replicas,
        containers: containersOf(cluster, at(set, "resources")),
        requestsSaidIn: osdsSaidIn(cluster),
        place: inZone(place, zone),
        volumes: at(set, "portable") === true ? "zonal" : "machine",
        isStorage: true,
      },
      builder,
    );
  }
}

/** Disks of one machine, each with its number of OSDs; undefined where a filter chooses them. */
function osdsOn(node: unknown, storage: unknown): number | undefined {
  const devices = listIn(at(node, "devices"));
  if (devices === undefined) return undefined;
  return devices.reduce((sum: number, device) => {
    const each = [device, node, storage].map((one) => at(one, "config", "osdsPerDevice"));
    return sum + (quantityIn(each.find((one) => one !== undefined)) ?? 1);
  }, 0);
}

/** Disks of machines: their pods run there or nowhere. */
function addMachineDisks(cluster: CephObject, storage: unknown, builder: ModelBuilder): void {
  for (const node of entriesIn(at(storage, "nodes"))) {
    const name = textIn(at(node, "name"));
    const machine = podMachines(builder.model).find((one) => one.name === name)?.machine;
    const count = osdsOn(node, storage);
    if (count === undefined || machine === undefined) {
      builder.capacityGap(
        machine === undefined
          ? `the plan has no machine ${name} for disks of Ceph ${cluster.name}`
          : `the plan does not say how many disks of ${name} Ceph ${cluster.name} takes`,
        machine === undefined
          ? `put ${name} into the plan, or take it out of storage.nodes`
          : `list the disks of ${name} in storage.nodes (devices)`,
      );
      continue;
    }
    const machines: ReadonlySet<DomainId> = new Set([machine]);
    for (let disk = 1; disk <= count; disk += 1) {
      builder.model.daemons.push({
        name: `${cluster.namespace}/rook-ceph-osd ${disk} on ${name}`,
        machines,
        ...requestsOf(containersOf(cluster, at(node, "resources"))),
        requestsSaidIn: osdsSaidIn(cluster),
      });
    }
  }
}

/** Add a pod for every disk that the cluster names. */
export function addOsds(cluster: CephObject, builder: ModelBuilder): void {
  const storage = at(cluster.spec, "storage");
  const sets = entriesIn(at(storage, "storageClassDeviceSets"));
  for (const set of sets) addDeviceSet(cluster, set, builder);
  if (at(storage, "useAllNodes") === true) {
    builder.capacityGap(
      `Ceph ${cluster.name} takes disks of every machine: the plan does not say how many`,
      `name them in storage.nodes (devices) or storage.storageClassDeviceSets, with useAllNodes: false`,
    );
    return;
  }
  addMachineDisks(cluster, storage, builder);
}
