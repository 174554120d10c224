import type { Ec2Role } from "../design/ec2/names.ts";
import {
  type Finding,
  type FleetGroup,
  fleetFindings,
  type Health,
  type OutdatedMachine,
  outdated,
  type RollWorld,
} from "./fleet.ts";

export interface RollClock {
  /** Seconds since some fixed moment. */
  now(): number;
  sleep(seconds: number): Promise<void>;
}

export interface RollOptions {
  world: RollWorld;
  /** In this order. */
  roles: readonly Ec2Role[];
  dryRun: boolean;
  clock: RollClock;
  /** Time that a replacement may take, from termination to a healthy cluster. */
  machineSeconds: number;
  /** Between two looks. */
  pollSeconds: number;
  /** Told what is being done. */
  say(line: string): void;
}

export interface RollResult {
  /** Ids of the machines that were replaced, or would be. */
  replaced: string[];
}

/** The cluster was not healthy before anything was touched. */
export class UnhealthyError extends Error {}

/** A roll that went no further; what it says is for people. */
export class RollStoppedError extends Error {}

/** Looks in a row that must find nothing wrong. */
const looksNeeded = 2;

/**
 * Replaces every machine that was started from an older version of its launch template, one at a
 * time; the next is touched only when the whole cluster is healthy. There is no state but the
 * machines': stopped at any point, the same call carries on.
 * @throws UnhealthyError before the first change, RollStoppedError later.
 */
export async function roll(options: RollOptions): Promise<RollResult> {
  const { world, roles, dryRun, say } = options;
  const start = await look(world);
  const todo = outdated(start.groups, roles, start.health.leader);
  if (dryRun) {
    for (const { machine, group } of todo) say(wouldReplace({ machine, group }));
    for (const line of lines(start.health.findings)) say(`not healthy: ${line}`);
    return { replaced: todo.map(({ machine }) => machine.id) };
  }
  if (todo.length === 0 && start.health.findings.length === 0) return { replaced: [] };
  await carryOn(options, start);
  const replaced: string[] = [];
  for (;;) {
    const { groups, health } = await steady(options, "the cluster", () => true);
    const [next] = outdated(groups, roles, health.leader);
    if (next === undefined) return { replaced };
    await replace(options, next, groups);
    replaced.push(next.machine.id);
    say(`${next.group.name}: ${next.machine.id} is replaced, all is well`);
  }
}

interface Look {
  groups: FleetGroup[];
  health: Health;
}

async function look(world: RollWorld): Promise<Look> {
  const groups = await world.groups();
  const health = await world.health(groups);
  return {
    groups,
    health: { ...health, findings: [...fleetFindings(groups), ...health.findings] },
  };
}

/**
 * A roll that was cut off has left one machine on its way; that is no reason to refuse. Anything else
 * that is wrong is.
 */
async function carryOn(
  options: RollOptions,
  { groups, health: { findings } }: Look,
): Promise<void> {
  if (findings.length === 0) return;
  const places = new Set(findings.map(({ group }) => group));
  const [place] = places;
  const group = groups.find(({ name }) => name === place);
  const onItsWay =
    places.size === 1 &&
    group !== undefined &&
    group.suspended.length === 0 &&
    findings.every(({ about }) => !isOutdatedAndServing(group, about));
  if (!onItsWay)
    throw new UnhealthyError(
      [
        "the cluster is not healthy, nothing was touched:",
        ...lines(findings).map((line) => `  ${line}`),
      ].join("\n"),
    );
  options.say(`${group.name}: a replacement is on its way, waiting for it`);
  await steady(options, group.name, () => true, group);
}

/** A machine that nobody has begun to replace, and is not well, is trouble of another kind. */
function isOutdatedAndServing(group: FleetGroup, about: string): boolean {
  if (about === group.name) return false;
  // An etcd member stands for the one machine of its group.
  const machine = group.machines.find(({ id }) => id === about) ?? group.machines[0];
  return (
    machine !== undefined && machine.lifecycle === "InService" && machine.version !== group.version
  );
}

async function replace(
  options: RollOptions,
  { machine, group }: OutdatedMachine,
  before: readonly FleetGroup[],
): Promise<void> {
  const { world, say } = options;
  if (group.role === "worker") {
    say(`${group.name}: draining ${machine.id}`);
    await world.drain(machine.id, before).catch((error: Error) => {
      throw stopped(group.name, [`${machine.id} was not terminated: ${error.message}`]);
    });
  }
  say(`${group.name}: replacing ${machine.id} (${machine.version ?? "no launch template"})`);
  await world.terminate(machine.id);
  const known = new Set(group.machines.map(({ id }) => id));
  const { groups } = await steady(
    options,
    group.name,
    (now) => now.every(({ machines }) => machines.every(({ id }) => id !== machine.id)),
    group,
  );
  const after = groups.find(({ name }) => name === group.name);
  const wrong = after?.machines.filter(
    ({ id, version }) => !known.has(id) && version !== after.version,
  );
  if (wrong !== undefined && wrong.length > 0)
    throw stopped(
      group.name,
      wrong.map(({ id, version }) => `${id} was started from ${version}, not ${after?.version}`),
    );
}

/** Waits until nothing is wrong and `condition` holds, for some looks in a row. */
async function steady(
  options: RollOptions,
  place: string,
  condition: (groups: readonly FleetGroup[]) => boolean,
  focus?: FleetGroup,
): Promise<Look> {
  const { world, clock, machineSeconds, pollSeconds, say } = options;
  const deadline = clock.now() + machineSeconds;
  let said = "";
  for (let good = 0; ; ) {
    const seen = await look(world);
    const troubles = lines(seen.health.findings);
    good = troubles.length === 0 && condition(seen.groups) ? good + 1 : 0;
    if (good >= looksNeeded) return seen;
    const word = troubles[0] ?? "";
    if (word !== said && word !== "") say(`${place}: waiting: ${word}`);
    said = word;
    if (clock.now() >= deadline) {
      const words = focus && (await world.lastWords(focus).catch(() => undefined));
      throw stopped(place, [
        `not healthy after ${Math.round(machineSeconds / 60)} min:`,
        ...(troubles.length > 0 ? troubles : ["the old machine is still there"]),
        ...(words === undefined ? [] : [`the machine last said: ${words}`]),
      ]);
    }
    await clock.sleep(pollSeconds);
  }
}

function stopped(place: string, reasons: readonly string[]): RollStoppedError {
  return new RollStoppedError(
    [
      `the roll stopped at ${place}:`,
      ...reasons.map((reason) => `  ${reason}`),
      "No other machine was touched. When this is repaired, the same command carries on.",
    ].join("\n"),
  );
}

function wouldReplace({ machine, group }: OutdatedMachine): string {
  const from = machine.version ?? "no launch template";
  return `${group.name}: would replace ${machine.id} (${from}, now ${group.version})`;
}

function lines(findings: readonly Finding[]): string[] {
  return findings.map(({ about, what }) => `${about} ${what}`);
}
