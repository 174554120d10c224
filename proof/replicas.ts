import { admits } from "./labelRule.ts";
import { type Model, podMachines, type WorkerNode, type Workload } from "./model.ts";
import { label } from "./scenarios.ts";
import type { Survivors } from "./survivors.ts";

/** Most replicas of a workload that may stand in one zone, as its spread rules allow. */
export function mostPerZone(
  workload: Pick<Workload, "replicas" | "zoneSpread" | "zoneSkew">,
  zones: number,
): number {
  if (workload.zoneSpread !== "hard" || zones === 0) return workload.replicas;
  return Math.min(
    workload.replicas,
    Math.ceil((workload.replicas + (workload.zoneSkew - 1) * (zones - 1)) / zones),
  );
}

function mostPerMachine(workload: Workload, machines: number): number {
  if (workload.machineSpread === "hard") return 1;
  if (workload.machineSpread === "skew")
    return Math.ceil(workload.replicas / Math.max(1, machines));
  return workload.replicas;
}

/** Where replicas may stand: on workers, or on what the workload selects. */
interface Homes {
  nodes: readonly WorkerNode[];
  zones: number;
}

/** Asked for every workload and every failure, and the same each time. */
const known = new WeakMap<Model, Map<Workload, Homes>>();

function homes(workload: Workload, model: Model): Homes {
  const all = known.get(model) ?? new Map<Workload, Homes>();
  known.set(model, all);
  const found = all.get(workload);
  if (found !== undefined) return found;
  const nodes =
    Object.keys(workload.nodeSelector).length === 0 && workload.nodeAffinity === undefined
      ? model.nodes
      : podMachines(model).filter(admits(workload));
  const made = { nodes, zones: new Set(nodes.map((node) => node.zone)).size };
  all.set(workload, made);
  return made;
}

/** Most replicas that a failure can take, over all placements that the spread rules allow. */
export function mostLost(workload: Workload, model: Model, survivors: Survivors): number {
  const { nodes, zones } = homes(workload, model);
  const machines = new Map<number, number>();
  for (const { zone } of survivors.lostOf(nodes)) machines.set(zone, (machines.get(zone) ?? 0) + 1);
  const perZone = mostPerZone(workload, zones);
  const perMachine = mostPerMachine(workload, nodes.length);
  let lost = 0;
  for (const [zone, count] of machines) {
    const inZone = survivors.isLost(zone) ? perZone : Math.min(perZone, count * perMachine);
    lost += inZone;
  }
  return Math.min(workload.replicas, lost);
}

/** Zones, or else machines, whose loss the outcome speaks of. */
export function lostPlaces(model: Model, survivors: Survivors): string[] {
  const zones = survivors.lostZones();
  if (zones.length > 0) {
    return zones.map((zone) => label({ kind: "zone", name: survivors.name(zone) }));
  }
  return survivors.lostOf(model.nodes).map(({ name }) => name);
}
