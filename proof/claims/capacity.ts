import { type CapacityPlan, capacityPlan } from "../capacityPlan.ts";
import type { Check, Claim, Outcome } from "../claim.ts";
import { plural, proven, refuted, unknownBecause } from "../claim.ts";
import {
  type Autoscaler,
  type DomainId,
  type Model,
  type Part,
  podMachines,
  type WorkerPool,
  type Workload,
} from "../model.ts";
import type { Misfit, Placement, Situation } from "../placement.ts";
import type { Survivors } from "../survivors.ts";
import { majority } from "./etcdQuorum.ts";

/** Whether the autoscaler would act: alive, able to write, and not stopped by its own guard. */
export function acts(autoscaler: Autoscaler, model: Model, survivors: Survivors): boolean {
  const lost = survivors.lostOf(model.nodes);
  const zones = new Set(lost.map((node) => node.zone)).size;
  const hit = { zone: zones, machine: lost.length, none: lost.length > 0 ? Infinity : 0 };
  if (autoscaler.replicas - hit[autoscaler.spread] < 1) return false;
  const share = (100 * lost.length) / Math.max(1, model.nodes.length);
  if (lost.length > autoscaler.unreadyCountAllowed && share > autoscaler.maxUnreadyPercent) {
    return false;
  }
  if (model.managed && survivors.lostZones().length > model.managed.promisedZones) return false;
  return model.quorums
    .filter(({ kind }) => kind === "etcd")
    .every(({ members }) => survivors.aliveOf(members).length >= majority(members.length));
}

/** A pool must keep what its own minimum says. */
function belowMinimum(
  pool: WorkerPool,
  members: readonly Part[],
  survivors: Survivors,
  helped: boolean,
): Outcome | undefined {
  if (pool.minNodes === undefined) return undefined;
  const left = survivors.aliveOf(members).length;
  const reachable = pool.groups
    .filter((group) => !survivors.isLost(group.zone))
    .reduce((sum, group) => sum + group.maxNodes, 0);
  if (left >= pool.minNodes || (helped && reachable >= pool.minNodes)) return undefined;
  const lost = members.length - left;
  if (lost === 0) return undefined;
  return refuted(
    [`${plural(lost, "machine")} of pool ${pool.name}`],
    `${left} left, its minimum is ${pool.minNodes}`,
    wider(pool, pool.minNodes + Math.max(1, lost)),
  );
}

/** More nodes in each of its zones, or, where no number helps, more zones. */
function wider({ name, groups }: WorkerPool, nodes: number): string {
  const zones = new Set(groups.map(({ zone }) => zone)).size;
  const more = `let pool ${name} stand in more zones (pools.${name}.zones)`;
  if (zones < 2) return more;
  return `raise pools.${name}.nodesPerZone.desired to ${Math.ceil(nodes / zones)}, or ${more}`;
}

interface Demand {
  /** Pods to place, by workload; the zone that each cannot leave. */
  pods: [number, (DomainId | undefined)[]][];
  cpuMilli: number;
  memoryMiB: number;
  count: number;
}

/** Pods that must find a new place. Pods tied to a dead zone wait for it: another claim judges them. */
function demandOf(
  plan: CapacityPlan,
  evicted: Map<number, number[]>,
  survivors: Survivors,
): Demand {
  const demand: Demand = { pods: [], cpuMilli: 0, memoryMiB: 0, count: 0 };
  for (const index of plan.placer.order) {
    const zones = evicted.get(index);
    if (!zones) continue;
    const workload = plan.placer.workloads[index] as Workload;
    if (workload.volumes === "machine") continue;
    const tied = workload.volumes === "zonal";
    const moving = tied ? zones.filter((zone) => !survivors.isLost(zone)) : zones;
    if (moving.length === 0) continue;
    demand.pods.push([index, moving.map((zone) => (tied ? zone : undefined))]);
    demand.count += moving.length;
    demand.cpuMilli += moving.length * (workload.cpuMilli ?? 0);
    demand.memoryMiB += moving.length * (workload.memoryMiB ?? 0);
  }
  return demand;
}

function freeOf(plan: CapacityPlan, left: Placement, usable: (slot: number) => boolean) {
  const free = { cpuMilli: 0, memoryMiB: 0, pods: 0 };
  plan.placer.slots.forEach((_, slot) => {
    if (!usable(slot)) return;
    free.cpuMilli += left.freeCpu[slot] ?? 0;
    free.memoryMiB += left.freeMemory[slot] ?? 0;
    free.pods += left.freePods[slot] ?? 0;
  });
  return free;
}

const cpus = (milli: number): string => `${Math.round(milli / 100) / 10} CPU`;
const gib = (mib: number): string => `${Math.round(mib / 102.4) / 10} GiB`;

/** Turns the failed search into a refutation where counting shows that there can be no place. */
function explain(
  misfit: Misfit,
  demand: Demand,
  free: { cpuMilli: number; memoryMiB: number; pods: number },
  survivors: Survivors,
): Outcome {
  const { workload } = misfit;
  const evicted = plural(demand.count, "evicted pod");
  const short: string[] = [];
  if (demand.cpuMilli > free.cpuMilli) {
    short.push(`${cpus(demand.cpuMilli)}, ${cpus(free.cpuMilli)} free`);
  }
  if (demand.memoryMiB > free.memoryMiB) {
    short.push(`${gib(demand.memoryMiB)}, ${gib(free.memoryMiB)} free`);
  }
  if (demand.count > free.pods)
    short.push(`${plural(demand.count, "pod slot")}, ${free.pods} free`);
  if (short.length > 0) {
    return refuted(
      [],
      `${evicted} ${demand.count === 1 ? "needs" : "need"} ${short.join("; ")} on the survivors`,
      "add machines (desiredNodes, or more worker hosts) so that the survivors hold everything",
    );
  }
  if (
    misfit.kind === "spread" &&
    survivors.lostZones().length > 0 &&
    !workload.spreadHonorsTaints
  ) {
    return refuted(
      [],
      `replacements for ${workload.name} stay pending: the dead zone still counts for its spread`,
      `set nodeTaintsPolicy: Honor in the topologySpreadConstraint of ${workload.name}`,
    );
  }
  if (misfit.kind === "selector") {
    return refuted(
      [],
      `no machine left on which ${workload.name} may run`,
      `give the machines that ${workload.name} selects a place in every zone`,
    );
  }
  if (misfit.kind === "zone") {
    return refuted(
      [],
      `no machine left in ${survivors.name(misfit.zone)} for pods of ${workload.name}, whose volumes stay there`,
      `run two machines in ${survivors.name(misfit.zone)}`,
    );
  }
  return unknownBecause(
    `no placement was found for ${workload.name}, although the sums of free room would do`,
    `give the pools of ${workload.name} a machine more, or ${workload.name} smaller requests, so that one is found`,
  );
}

/**
 * Which slots can take pods after a failure: machines that live, and, where the autoscaler acts, those
 * that it would add in zones that live.
 */
export function usableAfter(
  plan: CapacityPlan,
  dead: ReadonlySet<number>,
  survivors: Survivors,
  grows: boolean,
): (slot: number) => boolean {
  return (slot) =>
    slot < plan.machines
      ? !dead.has(slot)
      : grows && !survivors.isLost(plan.addedIn[slot - plan.machines]?.zone ?? -1);
}

function checkWith(model: Model, useAutoscaler: boolean): Check {
  const plan = capacityPlan(model);
  const { unknown, unsized, atRestMisfits } = plan;
  if (unknown !== undefined) return () => unknownBecause(unknown.why, unknown.remedy);
  const notFound = (outcome: Outcome): Outcome =>
    unsized === undefined ? outcome : unknownBecause(unsized.why, unsized.remedy);
  const [misfit] = atRestMisfits;
  if (misfit) return () => notFound(full(misfit));
  const machines = podMachines(model);
  const slotOf = new Map(machines.map((node, slot) => [node, slot]));
  const membersOf = Map.groupBy(model.nodes, ({ pool }) => pool);
  return (survivors) => {
    const lost = survivors.lostOf(machines);
    if (lost.length === 0) return proven;
    const lostSlots = lost.map((node) => slotOf.get(node) ?? -1);
    // Only pools that lose something are counted: with hundreds of them, few do at a time.
    const hit = new Set(lost.map(({ pool }) => pool));
    const helped =
      useAutoscaler && model.autoscaler !== undefined && acts(model.autoscaler, model, survivors);
    for (const pool of model.pools) {
      if (!hit.has(pool.name)) continue;
      const outcome = belowMinimum(pool, membersOf.get(pool.name) ?? [], survivors, helped);
      if (outcome) return outcome;
    }
    const dead = new Set(lostSlots);
    const existing = plan.placer.situation(usableAfter(plan, dead, survivors, false));
    const first = place(plan, lostSlots, existing, survivors);
    if (first.verdict === "proven") return first;
    if (!helped) return notFound(first);
    const grown = plan.placer.situation(usableAfter(plan, dead, survivors, true));
    const second = place(plan, lostSlots, grown, survivors);
    return second.verdict === "proven"
      ? { verdict: "proven", note: "with machines that the autoscaler adds" }
      : notFound(second);
  };
}

function full({ workload }: Misfit): Outcome {
  return {
    verdict: "refuted",
    takes: [],
    left: `${workload.name} does not fit even with every machine alive`,
    fix: `add machines on which ${workload.name} may run, or lower its requests or replicas`,
    atRest: true,
  };
}

/** Daemons of storage wait where no machine of their zone is left: claims about storage judge that. */
function addAll(
  { placer }: CapacityPlan,
  left: Placement,
  index: number,
  tied: readonly (DomainId | undefined)[],
  situation: Situation,
): Misfit | undefined {
  if (placer.workloads[index]?.isStorage !== true) return placer.add(left, index, tied, situation);
  for (const zone of tied) {
    const misfit = placer.add(left, index, [zone], situation);
    if (misfit && misfit.kind !== "zone") return misfit;
  }
  return undefined;
}

function place(
  plan: CapacityPlan,
  lostSlots: readonly number[],
  situation: Situation,
  survivors: Survivors,
): Outcome {
  if (lostSlots.every((slot) => plan.atRest.podsOn[slot]?.length === 0)) return proven;
  const { left, evicted } = plan.placer.without(plan.atRest, lostSlots);
  const demand = demandOf(plan, evicted, survivors);
  for (const [index, tied] of demand.pods) {
    const misfit = addAll(plan, left, index, tied, situation);
    if (!misfit) continue;
    // What was free before the pods were placed; seldom asked for, so counted only then.
    const { left: before } = plan.placer.without(plan.atRest, lostSlots);
    return explain(misfit, demand, freeOf(plan, before, situation.usable), survivors);
  }
  return proven;
}

export const capacity: Claim = {
  id: "capacity",
  title: "evicted pods find a place among the survivors",
  prepare: (model) => checkWith(model, true),
};

export const capacityUnaided: Claim = {
  id: "capacity-unaided",
  reportOnly: true,
  title: "evicted pods find a place without the autoscaler",
  prepare: (model) =>
    model.autoscaler
      ? checkWith(model, false)
      : { notApplicable: "the plan has no autoscaler: see capacity" },
};
