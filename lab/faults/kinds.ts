import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cut, type CutDirection, droppedPackets } from "../cuts.ts";
import type { Machine } from "../machine.ts";
import { isAlive, signalProcess } from "../process.ts";
import type { FaultCluster, FaultKind, Injected } from "./fault.ts";
import { processesNamed, threadStates } from "./processes.ts";

/** kill -9 of a program on a machine. Whoever supervises it there must bring it back. */
export function killProgram(machine: Machine, program: string): Injected {
  const victims = processesNamed(machine, program);
  if (victims.length === 0) throw new Error(`${program} does not run on ${machine.name}`);
  for (const victim of victims) signalProcess(victim, "SIGKILL");
  return {
    target: machine.name,
    proof: () =>
      victims.some(isAlive) ? undefined : `${program} (${victims.map(({ pid }) => pid)}) is gone`,
    heal: () => undefined,
  };
}

/** SIGSTOP of a program: its connections stay open and nothing answers on them. */
export function freezeProgram(machine: Machine, program: string): Injected {
  const victims = processesNamed(machine, program);
  if (victims.length === 0) throw new Error(`${program} does not run on ${machine.name}`);
  for (const victim of victims) signalProcess(victim, "SIGSTOP");
  return {
    target: machine.name,
    proof: () => {
      const states = victims.map(({ pid }) => threadStates(threadsOf(pid), pid)).join("");
      return /^T+$/.test(states)
        ? `all ${states.length} threads of ${program} are stopped`
        : undefined;
    },
    heal: () => {
      for (const victim of victims) signalProcess(victim, "SIGCONT");
    },
  };
}

/** Numbers of a process's threads; none when it is gone. */
export function threadsOf(pid: number): number[] {
  const folder = `/proc/${pid}/task`;
  return existsSync(folder) ? readdirSync(folder).map(Number) : [];
}

/** Every process of a machine stops at once; its network card still answers. */
export function freezeMachine(machines: readonly Machine[]): Injected {
  for (const machine of machines) machine.freeze();
  return {
    target: names(machines),
    proof: () => (machines.every(isFrozen) ? `the freezer holds ${names(machines)}` : undefined),
    heal: () => {
      for (const machine of machines) machine.thaw();
    },
  };
}

function isFrozen(machine: Machine): boolean {
  return machine.cgroups.some((cgroup) => {
    const v1 = join(cgroup, "freezer.state");
    const v2 = join(cgroup, "cgroup.events");
    if (existsSync(v1)) return readFileSync(v1, "utf8").trim() === "FROZEN";
    return existsSync(v2) && /^frozen 1$/m.test(readFileSync(v2, "utf8"));
  });
}

/** Plug pulled; healing plugs it in again. */
export async function powerOff(
  cluster: FaultCluster,
  machines: readonly Machine[],
): Promise<Injected> {
  await Promise.all(machines.map((machine) => machine.powerOff()));
  return {
    target: names(machines),
    proof: () =>
      machines.some((machine) => machine.isOn()) ? undefined : `${names(machines)} have no process`,
    heal: () => powerOn(cluster, machines),
  };
}

/** Plug in, and leave it to the machines to come up: one that waits for others never would. */
export async function powerOn(
  { lab, image }: FaultCluster,
  machines: readonly Machine[],
): Promise<void> {
  await Promise.all(machines.map(({ name }) => lab.machine(name).powerOn(image)));
}

const directions: Partial<Record<FaultKind, CutDirection>> = {
  "cut both ways": "both",
  "cut off from sending": "from",
  "cut off from receiving": "to",
};

/** Packets are dropped at the machine's link; `narrow` says which, default all. */
export async function cutOff(
  { lab }: FaultCluster,
  machines: readonly Machine[],
  kind: FaultKind,
  narrow: Omit<Cut, "machine" | "direction"> = {},
): Promise<Injected> {
  const direction = directions[kind];
  if (direction === undefined) throw new Error(`"${kind}" is no cut`);
  await lab.setCuts(machines.map(({ name }) => ({ machine: name, direction, ...narrow })));
  return {
    target: names(machines),
    proof: async () => {
      const dropped = await droppedPackets(lab.spec.name);
      return dropped > 0 ? `${dropped} packets dropped` : undefined;
    },
    heal: () => lab.setCuts([]),
  };
}

function names(machines: readonly Machine[]): string {
  return machines.map(({ name }) => name).join(", ");
}
