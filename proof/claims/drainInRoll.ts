/** Whether a machine can still be drained after something else has failed. */
import { type CapacityPlan, capacityPlan } from "../capacityPlan.ts";
import {
  enumerate,
  type Outcome,
  plural,
  proven,
  type RollCheck,
  refuted,
  unknownBecause,
} from "../claim.ts";
import { type DomainId, type Model, podMachines, type Workload } from "../model.ts";
import type { Misfit, Placement, Situation } from "../placement.ts";
import type { Survivors } from "../survivors.ts";
import { acts, usableAfter } from "./capacity.ts";

/** A budget, the workloads that it covers, by number, and the evictions it allows when all is well. */
export interface Allowance {
  budget: string;
  workloads: number[];
  evictions: number;
}

/** Replicas of each workload that wait for a place; surely: no machine that lives can be it. */
interface Waiting {
  surely: Map<number, number>;
  perhaps: Map<number, number>;
}

/** The cluster after a failure, its evicted pods placed as far as they find a place. */
interface Aftermath {
  placement: Placement;
  waiting: Waiting;
  usable: (slot: number) => boolean;
}

function count(map: Map<number, number>, index: number): void {
  map.set(index, (map.get(index) ?? 0) + 1);
}

function sum(map: Map<number, number>, indices: readonly number[]): number {
  return indices.reduce((total, index) => total + (map.get(index) ?? 0), 0);
}

/** No machine would do, however much room it had. */
function isHopeless({ kind, workload }: Misfit): boolean {
  return (
    kind === "selector" || kind === "zone" || (kind === "spread" && !workload.spreadHonorsTaints)
  );
}

/** Takes pods off machines and places them again one by one. */
function moved(
  plan: CapacityPlan,
  from: Placement,
  slots: readonly number[],
  situation: Situation,
): { placement: Placement; waiting: Waiting } {
  const { left, evicted } = plan.placer.without(from, slots);
  const waiting: Waiting = { surely: new Map(), perhaps: new Map() };
  for (const index of plan.placer.order) {
    const workload = plan.placer.workloads[index] as Workload;
    for (const zone of evicted.get(index) ?? []) {
      const tied = workload.volumes === "zonal" ? zone : undefined;
      const misfit =
        workload.volumes === "machine"
          ? undefined
          : plan.placer.add(left, index, [tied], situation);
      if (workload.volumes === "machine" || (misfit && isHopeless(misfit))) {
        count(waiting.surely, index);
      } else if (misfit) count(waiting.perhaps, index);
    }
  }
  return { placement: left, waiting };
}

function aftermathOf(plan: CapacityPlan, model: Model, survivors: Survivors): Aftermath {
  const dead = new Set<number>();
  podMachines(model).forEach((node, slot) => {
    if (!survivors.alive(node)) dead.add(slot);
  });
  const grows = model.autoscaler !== undefined && acts(model.autoscaler, model, survivors);
  const usable = usableAfter(plan, dead, survivors, grows);
  return { ...moved(plan, plan.atRest, [...dead], plan.placer.situation(usable)), usable };
}

function blocked(
  { budget, workloads }: Allowance,
  waiting: number,
  surely: boolean,
  plan: CapacityPlan,
): Outcome {
  const names = enumerate(workloads.map((index) => plan.placer.workloads[index]?.name ?? "?"));
  if (!surely) {
    return unknownBecause(
      `no place was found for ${plural(waiting, "evicted replica")} of ${names}: until there is one, budget ${budget} holds up the drain`,
      `give the pools of ${names} a machine more, so that a place is found`,
    );
  }
  return refuted(
    [],
    `${plural(waiting, "replica")} of ${names} ${waiting === 1 ? "waits" : "wait"} for what was lost, and until then budget ${budget} allows no eviction`,
    `give ${names} a replica more than the budget needs, or roll when everything is back`,
  );
}

/**
 * @param allowances budgets that allow an eviction while all is well.
 * @returns the check for one failure and one machine that is drained after it.
 */
export function drainAfterFailure(model: Model, allowances: readonly Allowance[]): RollCheck {
  const plan = capacityPlan(model);
  const { unknown } = plan;
  if (unknown !== undefined) return () => unknownBecause(unknown.why, unknown.remedy);
  const slotOf = new Map(podMachines(model).map(({ machine }, slot) => [machine, slot]));
  const aftermaths = new Map<DomainId, Aftermath>();
  return (failed, survivors, rolled) => {
    const slot = slotOf.get(rolled);
    if (slot === undefined || slot >= plan.machines) return proven;
    const after = aftermaths.get(failed) ?? aftermathOf(plan, model, survivors);
    aftermaths.set(failed, after);
    const here = new Map<number, number>();
    for (const index of after.placement.podsOn[slot] ?? []) count(here, index);
    let second: Waiting | undefined;
    for (const allowance of allowances) {
      const leaving = sum(here, allowance.workloads);
      const { surely, perhaps } = after.waiting;
      const waiting = sum(surely, allowance.workloads) + sum(perhaps, allowance.workloads);
      // Before the last eviction so many are missing at most; it must still be allowed.
      if (leaving === 0 || waiting + leaving - 1 < allowance.evictions) continue;
      second ??= moved(
        plan,
        after.placement,
        [slot],
        plan.placer.situation((other) => other !== slot && after.usable(other)),
      ).waiting;
      const missing = (kind: keyof Waiting) =>
        sum(after.waiting[kind], allowance.workloads) +
        Math.min(sum((second as Waiting)[kind], allowance.workloads), leaving - 1);
      const sure = missing("surely");
      if (sure >= allowance.evictions) return blocked(allowance, sure, true, plan);
      const all = sure + missing("perhaps");
      if (all >= allowance.evictions) return blocked(allowance, all, false, plan);
    }
    return proven;
  };
}
