import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { waitUntil } from "./process.ts";

/** One mounted cgroup hierarchy of this computer. */
export interface Hierarchy {
  mountPoint: string;
  version: 1 | 2;
  /** Controllers of a v1 hierarchy ("memory", "name=systemd"); empty for v2. */
  controllers: string[];
}

/** Hierarchies listed in /proc/self/mountinfo. */
export function readHierarchies(mountInfo: string): Hierarchy[] {
  const found: Hierarchy[] = [];
  for (const line of mountInfo.split("\n")) {
    const [left, right] = line.split(" - ");
    const mountPoint = left?.split(" ")[4];
    const [type, , options] = right?.split(" ") ?? [];
    if (mountPoint === undefined || !mountPoint.startsWith("/sys/fs/cgroup")) continue;
    if (type === "cgroup2") found.push({ mountPoint, version: 2, controllers: [] });
    if (type === "cgroup") {
      const controllers = (options ?? "").split(",").filter((option) => option !== "rw");
      found.push({ mountPoint, version: 1, controllers });
    }
  }
  return found;
}

/** Hierarchies of this computer. Errors: none is mounted. */
export function hierarchies(): Hierarchy[] {
  const found = readHierarchies(readFileSync("/proc/self/mountinfo", "utf8"));
  if (found.length === 0) throw new Error("no cgroup hierarchy is mounted under /sys/fs/cgroup");
  return found;
}

/** True when v1 controllers exist, so machines are given the v1 layout. */
export function usesVersion1(all: readonly Hierarchy[]): boolean {
  return all.some((hierarchy) => hierarchy.controllers.includes("memory"));
}

/** Paths of a machine's own cgroup, one in every hierarchy (two kubelets in one delete each other's pods). */
export function machineCgroups(lab: string, machine: string, all = hierarchies()): string[] {
  return all.map((hierarchy) => join(hierarchy.mountPoint, "quorum", lab, machine));
}

/** Make a machine's cgroups, with what a new cpuset and a v2 subtree need before they take a process. */
export function createCgroups(lab: string, machine: string): string[] {
  for (const hierarchy of hierarchies()) {
    let parent = hierarchy.mountPoint;
    for (const part of ["quorum", lab, machine]) {
      if (hierarchy.version === 2) enableControllers(parent);
      const path = join(parent, part);
      mkdirSync(path, { recursive: true });
      for (const file of ["cpuset.cpus", "cpuset.mems"]) {
        if (hierarchy.version === 1 && existsSync(join(path, file))) {
          writeFileSync(join(path, file), readFileSync(join(parent, file)));
        }
      }
      if (part !== machine) weigh(path);
      parent = path;
    }
    if (hierarchy.version === 2 && enableControllers(parent)) {
      for (const leaf of ["supervisor", "machine"])
        mkdirSync(join(parent, leaf), { recursive: true });
    }
  }
  return machineCgroups(lab, machine);
}

/** A group of machines weighs as a dozen processes: by default it weighs as one, and a busy computer starves it. */
function weigh(path: string): void {
  const weights = { "cpu.shares": "12288", "cpu.weight": "1200" };
  for (const [file, weight] of Object.entries(weights)) {
    if (existsSync(join(path, file))) writeFileSync(join(path, file), weight);
  }
}

/** Pass all controllers on to children; false where there are none, as beside mounted v1 ones. */
function enableControllers(path: string): boolean {
  const offered = readFileSync(join(path, "cgroup.controllers"), "utf8").trim();
  if (offered === "") return false;
  const wanted = offered.split(" ").map((controller) => `+${controller}`);
  writeFileSync(join(path, "cgroup.subtree_control"), wanted.join(" "));
  return true;
}

/** Numbers of all processes in these cgroups and below. */
export function processesIn(paths: readonly string[]): number[] {
  const found = new Set<number>();
  const visit = (path: string) => {
    try {
      for (const line of readFileSync(join(path, "cgroup.procs"), "utf8").split("\n")) {
        if (line !== "" && line !== "0") found.add(Number(line));
      }
      for (const child of childrenOf(path)) visit(child);
    } catch {
      // the cgroup went away while we looked
    }
  };
  for (const path of paths) visit(path);
  return [...found];
}

/** Process that is number 1 of the machine in these cgroups; its containers have such processes too. */
export function firstProcess(paths: readonly string[]): number | undefined {
  return processesIn(paths).find(isFirstOfMachine);
}

/** Number 1 of the innermost of exactly two process namespaces: the machine's own init. */
function isFirstOfMachine(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return /^NSpid:\t\d+\t1$/m.test(status);
  } catch {
    return false;
  }
}

function childrenOf(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name));
}

/** SIGKILL everything in these cgroups at once and wait until nothing is left. */
export async function killAll(paths: readonly string[]): Promise<void> {
  const present = paths.filter((path) => existsSync(path));
  for (const path of present) {
    if (existsSync(join(path, "cgroup.kill"))) writeFileSync(join(path, "cgroup.kill"), "1");
  }
  await waitUntil(
    `processes of ${basename(present[0] ?? "") || "the machine"} are gone`,
    30,
    () => {
      const left = processesIn(present);
      for (const pid of left) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // gone already
        }
      }
      if (left.length > 0) setFrozen(present, false);
      return left.length === 0;
    },
  );
}

/** Stop or continue every process of a machine, as if its virtual CPU did. */
export function setFrozen(paths: readonly string[], frozen: boolean): void {
  for (const path of paths) {
    const v1 = join(path, "freezer.state");
    const v2 = join(path, "cgroup.freeze");
    if (existsSync(v1)) {
      writeFileSync(v1, frozen ? "FROZEN" : "THAWED");
      return;
    }
    if (existsSync(v2) && existsSync(join(path, "memory.max"))) {
      writeFileSync(v2, frozen ? "1" : "0");
      return;
    }
  }
}

/** Limits of one machine; a value left out is unlimited. */
export interface MachineLimits {
  /** 100 is one whole CPU. */
  cpuPercent?: number;
  memoryMiB?: number;
}

const cpuPeriodMicroseconds = 100_000;

/** Set a machine's limits, or lift them. */
export function setLimits(paths: readonly string[], limits: MachineLimits): void {
  const quota =
    limits.cpuPercent === undefined ? undefined : (limits.cpuPercent * cpuPeriodMicroseconds) / 100;
  const bytes = limits.memoryMiB === undefined ? undefined : limits.memoryMiB * 2 ** 20;
  const values: Record<string, string> = {
    "cpu.cfs_period_us": `${cpuPeriodMicroseconds}`,
    "cpu.cfs_quota_us": `${quota ?? -1}`,
    "memory.limit_in_bytes": `${bytes ?? -1}`,
    "cpu.max": `${quota ?? "max"} ${cpuPeriodMicroseconds}`,
    "memory.max": `${bytes ?? "max"}`,
  };
  for (const path of paths) {
    for (const [file, value] of Object.entries(values)) {
      if (existsSync(join(path, file))) writeFileSync(join(path, file), value);
    }
  }
}

/** Remove a cgroup and all below it; absent is fine. Errors: a process is still inside. */
export function removeCgroup(path: string): void {
  if (!existsSync(path)) return;
  for (const child of childrenOf(path)) removeCgroup(child);
  try {
    rmdirSync(path);
  } catch (error) {
    if (existsSync(path)) throw error;
  }
}

/** Remove the parents that all labs share, where they are empty. */
export function removeEmptyParents(lab: string): void {
  for (const hierarchy of hierarchies()) {
    for (const parts of [[lab], []]) {
      const path = join(hierarchy.mountPoint, "quorum", ...parts);
      try {
        if (existsSync(path)) rmdirSync(path);
      } catch {
        // another machine or lab is still there
      }
    }
  }
}
