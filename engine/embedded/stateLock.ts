import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";

/** Who holds a lock. A process id alone is not enough: ids are used again. */
interface Holder {
  pid: number;
  /** Start of the process in clock ticks since boot; undefined where the system does not tell. */
  startTicks: string | undefined;
  host: string;
  since: string;
  command: string;
}

export interface StateLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a state file, or throws an error that says who holds it. A lock whose process
 * is gone, killed for instance, is taken over.
 */
export async function takeLock(stateFile: string, command: string): Promise<StateLock> {
  const file = `${stateFile}.lock`;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const mine: Holder = {
    pid: process.pid,
    startTicks: await startTicksOf(process.pid),
    host: hostname(),
    since: new Date().toISOString(),
    command,
  };
  const candidate = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(candidate, JSON.stringify(mine), { mode: 0o600, flag: "wx" });
  try {
    // Linking is atomic: whoever comes second fails, and sees a complete file.
    while (!(await tryLink(candidate, file))) await clearIfStale(file, candidate);
  } finally {
    await rm(candidate, { force: true });
  }
  return { release: () => rm(file, { force: true }) };
}

async function tryLink(candidate: string, file: string): Promise<boolean> {
  try {
    await link(candidate, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function clearIfStale(file: string, candidate: string): Promise<void> {
  const holder = await readHolder(file);
  if (holder === undefined) return;
  if (await isAlive(holder)) {
    throw new Error(
      `another run holds this stack: \`${holder.command}\`, process ${holder.pid} on ${holder.host}, since ${holder.since}; wait for it, or end it`,
    );
  }
  // Moved aside under a name of our own first: of two that notice, one moves it and the other fails.
  const aside = `${candidate}.stale`;
  try {
    await rename(file, aside);
    const moved = await readHolder(aside);
    if (moved !== undefined && (await isAlive(moved))) await tryLink(aside, file);
    await rm(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`the lock ${file} cannot be read; remove it if no other run is under way`);
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const ticks = await startTicksOf(holder.pid);
  return ticks === undefined || holder.startTicks === undefined || ticks === holder.startTicks;
}

/** Field 22 of /proc/<pid>/stat; the command name before it may hold blanks and brackets. */
async function startTicksOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
