import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { killAll, machineCgroups, removeCgroup, removeEmptyParents } from "./cgroups.ts";
import { type Cut, removeFilterTable, setCuts } from "./cuts.ts";
import { thawDisks } from "./disks.ts";
import type { HostImage } from "./hostImage.ts";
import { releaseLoops } from "./loops.ts";
import { Machine } from "./machine.ts";
import { ensureSshKey, writeKnownHosts } from "./machineRoot.ts";
import { unmountAll } from "./mounts.ts";
import { ensureBridge, removeInterface, removeNamespace } from "./network.ts";
import { removeNspawnFiles } from "./nspawnFiles.ts";
import { labDir, machinePaths } from "./paths.ts";
import { inParallel, isAlive, signalProcess, waitUntil } from "./process.ts";
import { LabRecord } from "./record.ts";
import { type LabSpec, specProblems } from "./spec.ts";

/** The machines of one lab, running or not. */
export class Lab {
  readonly spec: LabSpec;
  readonly record: LabRecord;
  readonly dir: string;
  #cuts: Cut[] = [];

  constructor(spec: LabSpec) {
    const problems = specProblems(spec);
    if (problems.length > 0) throw new Error(`this lab cannot be made:\n${problems.join("\n")}`);
    this.spec = spec;
    this.dir = labDir(spec.name);
    this.record = new LabRecord(this.dir);
  }

  /** A lab that was made before. Errors: there is none of this name. */
  static open(name: string): Lab {
    const file = join(labDir(name), "lab.json");
    if (!existsSync(file)) throw new Error(`there is no lab "${name}" on this computer`);
    return new Lab(JSON.parse(readFileSync(file, "utf8")) as LabSpec);
  }

  get names(): string[] {
    return Object.keys(this.spec.hosts);
  }

  machine(name: string): Machine {
    return new Machine(this.spec, name, this.record);
  }

  /** Machines that stand in a zone. */
  inZone(zone: string): Machine[] {
    const inside = this.names.filter((name) => this.spec.hosts[name]?.zone === zone);
    return inside.map((name) => this.machine(name));
  }

  /** Machines that are on. */
  running(): string[] {
    return this.names.filter((name) => this.machine(name).isOn());
  }

  /** Boot every machine that is off and wait until all are up. `onUp` hears of each. */
  async boot(image: HostImage, onUp: (name: string) => void = () => undefined): Promise<void> {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    await this.#stopChangedMachines();
    this.#writeSpec();
    await ensureSshKey(this.spec.name);
    await ensureBridge(this.spec.name, this.spec.subnet, this.record);
    await inParallel(this.names, availableParallelism() + 2, async (name) => {
      const machine = this.machine(name);
      await machine.powerOn(image);
      await machine.waitUntilUp();
      onUp(name);
    });
    writeKnownHosts(this.spec);
  }

  /** A machine whose address or roles are no longer what it was booted with starts afresh with them. */
  async #stopChangedMachines(): Promise<void> {
    if (!existsSync(join(this.dir, "lab.json"))) return;
    const before = Lab.open(this.spec.name);
    for (const name of before.names.filter((known) => this.names.includes(known))) {
      const then = JSON.stringify(before.spec.hosts[name]);
      if (then !== JSON.stringify(this.spec.hosts[name])) await before.machine(name).powerOff();
    }
  }

  /** Machines that the lab has made and the spec no longer names. */
  strays(): string[] {
    const made = this.record.of("netns").map(({ machine }) => machine);
    return [...new Set(made)].filter(
      (name) => !this.names.includes(name) && existsSync(machinePaths(this.spec.name, name).dir),
    );
  }

  /** Remove machines that the spec no longer names, disks included. */
  async removeStrays(): Promise<void> {
    for (const name of this.strays()) await removeMachine(this.spec.name, name, this.record);
    this.#writeSpec();
  }

  /** What `open` reads. */
  #writeSpec(): void {
    writeFileSync(join(this.dir, "lab.json"), JSON.stringify(this.spec, null, 2), { mode: 0o600 });
  }

  /** Make these the only cuts of the lab's network. */
  async setCuts(cuts: readonly Cut[]): Promise<void> {
    this.#cuts = [...cuts];
    await setCuts(this.spec.name, this.#cuts, this.record);
  }

  /** Bring back one machine, with the cuts that were made before. */
  async powerOn(name: string, image: HostImage): Promise<void> {
    const machine = this.machine(name);
    await machine.powerOn(image);
    if (this.#cuts.length > 0) await this.setCuts(this.#cuts);
    await machine.waitUntilUp();
  }

  /** Remove everything this lab ever made. Works after a crash at any point, and twice. */
  async down(): Promise<void> {
    await takeDown(this.spec.name);
  }
}

/** Remove all that is recorded of a lab, then its folder. A name without a lab is fine. */
export async function takeDown(name: string): Promise<void> {
  const dir = labDir(name);
  const record = new LabRecord(dir);
  const machines = new Set(
    record.all().flatMap((resource) => ("machine" in resource ? [resource.machine] : [])),
  );
  await inParallel([...machines], 4, (machine) => removeMachine(name, machine, record));
  for (const { name: table } of record.of("filterTable")) await removeFilterTable(table);
  if (machines.size > 0) removeEmptyParents(name);
  for (const { name: bridge } of record.of("bridge")) await removeInterface(bridge);
  await unmountAll(dir);
  await releaseLoops(dir);
  rmSync(dir, { recursive: true, force: true });
}

/** Remove everything recorded of one machine, and its files. */
export async function removeMachine(
  lab: string,
  machine: string,
  record: LabRecord,
): Promise<void> {
  const own = <Entry extends { machine: string }>(entries: Entry[]) =>
    entries.filter((entry) => entry.machine === machine);
  const supervisors = own(record.of("process")).map(({ identity }) => identity);
  for (const identity of supervisors) signalProcess(identity, "SIGKILL");
  await thawDisks(machinePaths(lab, machine));
  await killAll(machineCgroups(lab, machine));
  await waitUntil(`supervisor of ${machine} is gone`, 30, () => !supervisors.some(isAlive));
  for (const { name } of own(record.of("interface"))) await removeInterface(name);
  for (const { name } of own(record.of("netns"))) {
    await removeNamespace(name);
    removeNspawnFiles(name, machinePaths(lab, machine).root);
  }
  await unmountAll(machinePaths(lab, machine).dir);
  for (const { path } of own(record.of("cgroup"))) removeCgroup(path);
  rmSync(machinePaths(lab, machine).dir, { recursive: true, force: true });
}
