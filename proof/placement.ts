import { admits } from "./labelRule.ts";
import type { Toleration, WorkerNode, Workload } from "./model.ts";

/** A machine as the placement sees it; also one that the autoscaler would add. */
export interface Slot {
  zone: number;
  cpuMilli: number;
  memoryMiB: number;
  pods: number;
  labels: Record<string, string>;
  taints: WorkerNode["taints"];
}

/** Why a pod has no place. */
export type Misfit =
  | { kind: "spread"; workload: Workload }
  | { kind: "selector"; workload: Workload }
  | { kind: "zone"; workload: Workload; zone: number }
  | { kind: "room"; workload: Workload };

/** Free room per machine, and where each workload's pods stand. */
export interface Placement {
  freeCpu: Float64Array;
  freeMemory: Float64Array;
  freePods: Float64Array;
  /** Workload number for each pod, by machine. */
  podsOn: number[][];
  /** Pods by workload and zone: index `workload * zones + zone`. */
  zoneCounts: Int32Array;
}

/** Indices of slots on which a pod of each workload may run, by taints, selector and affinity. */
function eligible(slots: readonly Slot[], workload: Workload): number[] {
  const isAdmitted = admits(workload);
  const found: number[] = [];
  slots.forEach((slot, index) => {
    const tolerated = slot.taints.every(
      (taint) =>
        taint.effect === "PreferNoSchedule" ||
        workload.toleratedTaints.some((toleration) => tolerates(toleration, taint)),
    );
    if (isAdmitted(slot) && tolerated) found.push(index);
  });
  return found;
}

function tolerates(toleration: Toleration, taint: WorkerNode["taints"][number]): boolean {
  if (
    toleration.effect !== undefined &&
    toleration.effect !== "" &&
    toleration.effect !== taint.effect
  ) {
    return false;
  }
  if (toleration.key === undefined) return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === taint.value;
}

/** Machines of one zone that can be used, and where the search goes on. */
interface Room {
  zone: number;
  slots: number[];
  next: number;
}

/** Which machines can be used in one situation. */
export interface Situation {
  usable(slot: number): boolean;
  /** Rooms by set of eligible machines, filled as needed. */
  rooms: Map<readonly number[], Room[]>;
}

/**
 * Places pods one by one, as the scheduler would: spread over zones first, then where there is room.
 * A found placement is a witness; not finding one is not a proof that there is none.
 */
export class Placer {
  readonly slots: readonly Slot[];
  readonly workloads: readonly Workload[];
  /** Order of placing: the largest pods first. */
  readonly order: readonly number[];
  readonly #eligible: readonly (readonly number[])[];
  readonly #zones: readonly number[];
  readonly #zoneOf: readonly number[];

  constructor(slots: readonly Slot[], workloads: readonly Workload[]) {
    this.slots = slots;
    this.workloads = workloads;
    this.#zones = [...new Set(slots.map((slot) => slot.zone))];
    this.#zoneOf = slots.map((slot) => this.#zones.indexOf(slot.zone));
    const lists = new Map<string, number[]>();
    this.#eligible = workloads.map((workload) => {
      const { nodeSelector, nodeAffinity, toleratedTaints } = workload;
      const key = JSON.stringify([nodeSelector, nodeAffinity, toleratedTaints]);
      const list = lists.get(key) ?? eligible(slots, workload);
      lists.set(key, list);
      return list;
    });
    this.order = workloads
      .map((_, index) => index)
      .sort((a, b) => size(workloads[b]) - size(workloads[a]) || a - b);
  }

  situation(usable: (slot: number) => boolean): Situation {
    return { usable, rooms: new Map() };
  }

  empty(): Placement {
    return {
      freeCpu: Float64Array.from(this.slots, (slot) => slot.cpuMilli),
      freeMemory: Float64Array.from(this.slots, (slot) => slot.memoryMiB),
      freePods: Float64Array.from(this.slots, (slot) => slot.pods),
      podsOn: this.slots.map(() => []),
      zoneCounts: new Int32Array(this.workloads.length * this.#zones.length),
    };
  }

  /** Every replica of every workload. */
  all(situation: Situation): { placement: Placement; misfits: Misfit[] } {
    const placement = this.empty();
    const misfits: Misfit[] = [];
    for (const index of this.order) {
      const { replicas } = this.workloads[index] as Workload;
      const misfit = this.add(placement, index, new Array(replicas).fill(undefined), situation);
      if (misfit) misfits.push(misfit);
    }
    return { placement, misfits };
  }

  /**
   * A copy without the pods of lost machines.
   * @returns it, and the zones that each workload's lost pods stood in.
   */
  without(
    placement: Placement,
    lost: readonly number[],
  ): { left: Placement; evicted: Map<number, number[]> } {
    const evicted = new Map<number, number[]>();
    const left: Placement = {
      freeCpu: placement.freeCpu.slice(),
      freeMemory: placement.freeMemory.slice(),
      freePods: placement.freePods.slice(),
      podsOn: placement.podsOn.slice(),
      zoneCounts: placement.zoneCounts.slice(),
    };
    for (const slot of lost) {
      for (const pod of placement.podsOn[slot] ?? []) {
        const zones = evicted.get(pod) ?? [];
        zones.push((this.slots[slot] as Slot).zone);
        evicted.set(pod, zones);
        this.#count(left, pod, slot, -1);
      }
      left.podsOn[slot] = [];
    }
    return { left, evicted };
  }

  /**
   * Place more pods of one workload.
   * @param tied one entry a pod: the zone that it cannot leave, or undefined.
   * @returns the first reason why a pod found no place.
   */
  add(
    placement: Placement,
    index: number,
    tied: readonly (number | undefined)[],
    situation: Situation,
  ): Misfit | undefined {
    const rooms = this.#rooms(index, situation);
    for (const zone of tied) {
      const misfit = this.#place(placement, index, rooms, zone);
      if (misfit) return misfit;
    }
    return undefined;
  }

  #rooms(index: number, situation: Situation): Room[] {
    const list = this.#eligible[index] ?? [];
    const known = situation.rooms.get(list);
    if (known) return known;
    const rooms = this.#zones.map((zone): Room => ({ zone, slots: [], next: 0 }));
    const present = new Set<number>();
    for (const slot of list) {
      const zone = this.#zoneOf[slot] as number;
      present.add(zone);
      if (situation.usable(slot)) rooms[zone]?.slots.push(slot);
    }
    const kept = rooms.filter((_, zone) => present.has(zone));
    situation.rooms.set(list, kept);
    return kept;
  }

  /** A pod that stands on a machine already, whether there is room or not. */
  put(placement: Placement, index: number, slot: number): void {
    const workload = this.workloads[index] as Workload;
    placement.freeCpu[slot] = (placement.freeCpu[slot] ?? 0) - (workload.cpuMilli ?? 0);
    placement.freeMemory[slot] = (placement.freeMemory[slot] ?? 0) - (workload.memoryMiB ?? 0);
    placement.freePods[slot] = (placement.freePods[slot] ?? 0) - 1;
    placement.podsOn[slot] = [...(placement.podsOn[slot] ?? []), index];
    this.#count(placement, index, slot, 1);
  }

  #count(placement: Placement, index: number, slot: number, step: 1 | -1): void {
    const at = index * this.#zones.length + (this.#zoneOf[slot] as number);
    placement.zoneCounts[at] = (placement.zoneCounts[at] ?? 0) + step;
  }

  #place(
    placement: Placement,
    index: number,
    rooms: readonly Room[],
    tied: number | undefined,
  ): Misfit | undefined {
    const workload = this.workloads[index] as Workload;
    const base = index * this.#zones.length;
    const pods = (room: Room): number =>
      placement.zoneCounts[base + this.#zones.indexOf(room.zone)] ?? 0;
    const living = rooms.filter((room) => room.slots.length > 0);
    if (tied !== undefined && !living.some((room) => room.zone === tied)) {
      return { kind: "zone", workload, zone: tied };
    }
    if (living.length === 0) return { kind: "selector", workload };
    const counted = workload.spreadHonorsTaints ? living : rooms;
    const fewest = Math.min(...counted.map(pods));
    const ordered = living.length > 1 ? living.toSorted((a, b) => pods(a) - pods(b)) : living;
    let sawSpread = false;
    for (const room of ordered) {
      if (tied !== undefined && room.zone !== tied) continue;
      if (workload.zoneSpread === "hard" && pods(room) + 1 - fewest > workload.zoneSkew) {
        sawSpread = true;
        continue;
      }
      const slot = this.#findSlot(placement, index, room);
      if (slot === undefined) continue;
      this.put(placement, index, slot);
      return undefined;
    }
    return { kind: sawSpread ? "spread" : "room", workload };
  }

  /** Next machine of the zone with room, taking turns so that load spreads. */
  #findSlot(placement: Placement, index: number, room: Room): number | undefined {
    const workload = this.workloads[index] as Workload;
    for (let step = 0; step < room.slots.length; step += 1) {
      const at = (room.next + step) % room.slots.length;
      const slot = room.slots[at] as number;
      const fits =
        (placement.freePods[slot] ?? 0) >= 1 &&
        (placement.freeCpu[slot] ?? 0) >= (workload.cpuMilli ?? 0) &&
        (placement.freeMemory[slot] ?? 0) >= (workload.memoryMiB ?? 0);
      if (!fits) continue;
      if (workload.machineSpread === "hard" && placement.podsOn[slot]?.includes(index)) continue;
      room.next = at + 1;
      return slot;
    }
    return undefined;
  }
}

function size(workload: Workload | undefined): number {
  return (workload?.cpuMilli ?? 0) + (workload?.memoryMiB ?? 0) / 4;
}
