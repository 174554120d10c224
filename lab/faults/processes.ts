import { readFileSync } from "node:fs";
import { processesIn } from "../cgroups.ts";
import type { Machine } from "../machine.ts";
import { identify, type ProcessIdentity } from "../process.ts";

/** The kernel keeps 15 characters of a command's name. */
const commandLength = 15;

/** Processes of a machine by the name of their executable, as this computer sees them. */
export function processesNamed(machine: Machine, command: string): ProcessIdentity[] {
  const wanted = command.slice(0, commandLength);
  return processesIn(machine.cgroups)
    .filter((pid) => read(`/proc/${pid}/comm`)?.trim() === wanted)
    .map((pid) => identify(pid))
    .filter((identity) => identity !== undefined);
}

/** State letters of all threads of a process: T stopped, D in uninterruptible sleep; "" when gone. */
export function threadStates(threads: readonly number[], pid: number): string {
  return threads
    .map((thread) => read(`/proc/${pid}/task/${thread}/stat`))
    .map((stat) =>
      stat === undefined ? "" : stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3),
    )
    .join("");
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
