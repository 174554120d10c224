import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { processesIn } from "../cgroups.ts";
import { diskPath, thawDisks } from "../disks.ts";
import type { Machine } from "../machine.ts";
import type { Lab } from "../machines.ts";
import { identify, signalProcess } from "../process.ts";
import { faultFilePrefix } from "./diskFaults.ts";
import { threadsOf } from "./kinds.ts";
import { threadStates } from "./processes.ts";

/**
 * Takes away whatever faults leave in a lab when their runner is killed: cuts, frozen machines, stopped
 * programs, stalled and filled disks, also of machines that are off but whose last processes hang. Machines
 * that are off stay off: `quorum lab up` boots them.
 * @returns what was undone, one line each.
 */
export async function healLab(lab: Lab): Promise<string[]> {
  await lab.setCuts([]);
  const undone: string[] = ["every cut of the network removed"];
  for (const name of lab.names) {
    const machine = lab.machine(name);
    for (const disk of await thawDisks(machine.paths)) undone.push(`${name}: disk ${disk} goes on`);
    undone.push(...removeFaultFiles(machine).map((line) => `${name}: ${line}`));
    machine.thaw();
    const continued = continueStopped(machine);
    if (continued > 0) undone.push(`${name}: ${continued} stopped processes go on`);
  }
  return undone;
}

function continueStopped(machine: Machine): number {
  const stopped = processesIn(machine.cgroups).filter((pid) =>
    threadStates(threadsOf(pid), pid).includes("T"),
  );
  return stopped
    .map((pid) => identify(pid))
    .filter((process) => process !== undefined && signalProcess(process, "SIGCONT")).length;
}

function removeFaultFiles(machine: Machine): string[] {
  const undone: string[] = [];
  for (const disk of machine.disks) {
    const path = diskPath(machine.paths, disk);
    if (!existsSync(path)) continue;
    for (const file of readdirSync(path).filter((one) => one.startsWith(faultFilePrefix))) {
      rmSync(join(path, file), { force: true });
      undone.push(`${file} removed from disk ${disk.name}`);
    }
  }
  return undone;
}
