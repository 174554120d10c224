import { allocatable } from "./allocatable.ts";
import { enumerate } from "./claim.ts";
import {
  type Autoscaler,
  type DomainId,
  type Model,
  podMachines,
  type Unknown,
  type WorkerNode,
} from "./model.ts";
import { type Misfit, type Placement, Placer, type Slot } from "./placement.ts";

/** Everything about capacity that does not depend on a failure. */
export interface CapacityPlan {
  placer: Placer;
  /** Machines that exist; further slots are those that the autoscaler may add. */
  machines: number;
  /** Zone of each slot that the autoscaler may add, by slot number from `machines` on. */
  addedIn: { pool: string; zone: DomainId }[];
  atRest: Placement;
  atRestMisfits: Misfit[];
  /** Why capacity cannot be judged. */
  unknown: Unknown | undefined;
  /**
   * Why a placement that is not found proves nothing: the plan does not say what a machine has. Such
   * machines count as full, so a placement that is found does without them.
   */
  unsized: Unknown | undefined;
}

const plans = new WeakMap<Model, CapacityPlan>();

/** The plan for a model; made once. */
export function capacityPlan(model: Model): CapacityPlan {
  const known = plans.get(model);
  if (known) return known;
  const made = makePlan(model);
  plans.set(model, made);
  return made;
}

function unknownReason(model: Model): Unknown | undefined {
  if (model.nodes.length === 0) {
    return {
      why: "the plan names no machines on which pods run",
      remedy: "give the stack workers (pools, or hosts with the role worker)",
    };
  }
  const demand = model.workloads.some(({ replicas }) => replicas > 0);
  const declared = model.pools.some(({ minNodes }) => minNodes !== undefined);
  if (!demand && !declared) {
    return {
      why: "the plan contains no demand: no pod with requests",
      remedy: "say in pools.*.minNodes what must remain, or put the workloads into the plan",
    };
  }
  const silent =
    model.workloads.find(({ cpuMilli, memoryMiB }) => [cpuMilli, memoryMiB].includes(undefined)) ??
    model.daemons.find(({ cpuMilli, memoryMiB }) => [cpuMilli, memoryMiB].includes(undefined));
  if (!silent) return undefined;
  return {
    why: `the plan does not say what the pods of ${silent.name} request`,
    remedy: `set requests for CPU and memory: ${silent.requestsSaidIn}`,
  };
}

function unsizedReason(model: Model): Unknown | undefined {
  const unsized = model.nodes.filter((one) => slotOf(one, model) === undefined);
  if (unsized.length === 0) return undefined;
  const names = enumerate(unsized.map(({ name }) => name));
  return {
    why: `the plan does not say what machine ${names} has (CPUs, memory, pods)`,
    remedy: `set hosts.*.size of ${names}`,
  };
}

/** A machine of which nothing is known takes no pod. */
function fullSlot({ zone, labels, taints }: WorkerNode): Slot {
  return { cpuMilli: 0, memoryMiB: 0, pods: 0, zone, labels, taints };
}

function slotOf(node: WorkerNode, model: Model): Slot | undefined {
  const { machine, cpuMilli, memoryMiB, pods, zone, labels, taints } = node;
  if (cpuMilli === undefined || memoryMiB === undefined || pods === undefined) return undefined;
  const slot = { ...allocatable({ cpuMilli, memoryMiB, pods }), pods, zone, labels, taints };
  for (const daemon of model.daemons) {
    if (daemon.machines?.has(machine) === false) continue;
    slot.cpuMilli -= daemon.cpuMilli ?? 0;
    slot.memoryMiB -= daemon.memoryMiB ?? 0;
    slot.pods -= 1;
  }
  return slot;
}

/** Slots that the autoscaler may add: a like machine for each step from desired to max. */
function addable(
  model: Model,
  autoscaler: Autoscaler | undefined,
): { slots: Slot[]; addedIn: CapacityPlan["addedIn"] } {
  const slots: Slot[] = [];
  const addedIn: CapacityPlan["addedIn"] = [];
  if (!autoscaler) return { slots, addedIn };
  for (const pool of model.pools) {
    if (autoscaler.pools !== "all" && !autoscaler.pools.includes(pool.name)) continue;
    for (const group of pool.groups) {
      const like = model.nodes.find((one) => one.pool === pool.name && one.zone === group.zone);
      const slot = like && slotOf(like, model);
      for (let step = group.desiredNodes; slot && step < group.maxNodes; step += 1) {
        slots.push(slot);
        addedIn.push({ pool: pool.name, zone: group.zone });
      }
    }
  }
  return { slots, addedIn };
}

function makePlan(model: Model): CapacityPlan {
  const unknown = unknownReason(model);
  const slots =
    unknown === undefined
      ? podMachines(model).map((node) => slotOf(node, model) ?? fullSlot(node))
      : [];
  const added = addable(model, unknown === undefined ? model.autoscaler : undefined);
  const placer = new Placer([...slots, ...added.slots], model.workloads);
  const { placement, misfits } = placer.all(placer.situation((slot) => slot < slots.length));
  return {
    placer,
    machines: slots.length,
    addedIn: added.addedIn,
    atRest: placement,
    atRestMisfits: unknown === undefined ? misfits : [],
    unknown,
    unsized: unsizedReason(model),
  };
}

/** How much the loss of the pods on a machine would hurt: their share of a machine. */
export function loadByMachine(model: Model): (domain: DomainId) => number {
  const { placer, atRest, machines } = capacityPlan(model);
  const load = new Map<DomainId, number>();
  podMachines(model)
    .slice(0, machines)
    .forEach((node, index) => {
      const slot = placer.slots[index] as Slot;
      const used = 1 - (atRest.freeCpu[index] ?? 0) / Math.max(1, slot.cpuMilli);
      const usedMemory = 1 - (atRest.freeMemory[index] ?? 0) / Math.max(1, slot.memoryMiB);
      load.set(node.machine, used + usedMemory);
    });
  return (domain) => load.get(domain) ?? 0;
}
