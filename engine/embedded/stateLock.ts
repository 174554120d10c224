import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

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

/** How long the first of several that come at once waits for the others to withdraw. */
const settleMilliseconds = 2000;
const pollMilliseconds = 20;

/**
 * Takes the lock of a state file, or throws an error that says who holds it. The file of a holder
 * that is gone, killed for instance, is cleared away.
 *
 * Everyone puts up a file of a name of its own and then looks for others; whoever sees itself alone
 * holds the lock. Of two, the later to put up its file sees the other. Because no name is ever used
 * again, clearing a dead holder away cannot hit a living one.
 */
export async function takeLock(stateFile: string, command: string): Promise<StateLock> {
  const folder = path.dirname(stateFile);
  const prefix = `${path.basename(stateFile)}.lock.`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const order = `${Date.now().toString().padStart(15, "0")}-${randomBytes(6).toString("hex")}`;
  const file = path.join(folder, prefix + order);
  await announce(file, command);
  const deadline = Date.now() + settleMilliseconds;
  try {
    for (;;) {
      const others = await livingHolders(folder, prefix, file);
      const first = others[0];
      if (first === undefined) return { release: () => rm(file, { force: true }) };
      // Of several that came at once the first stays, so that one of them gets the lock.
      if (first.file < file || Date.now() > deadline) throw heldBy(first.holder);
      await setTimeout(pollMilliseconds);
    }
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

async function announce(file: string, command: string): Promise<void> {
  const holder: Holder = {
    pid: process.pid,
    startTicks: await startTicksOf(process.pid),
    host: hostname(),
    since: new Date().toISOString(),
    command,
  };
  // Renamed into place, so that nobody reads half of it.
  const draft = path.join(path.dirname(file), `.${path.basename(file)}`);
  await writeFile(draft, JSON.stringify(holder), { mode: 0o600, flag: "wx" });
  await rename(draft, file);
}

async function livingHolders(folder: string, prefix: string, own: string) {
  const living: { file: string; holder: Holder }[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const file = path.join(folder, name);
    if (!name.startsWith(prefix) || file === own) continue;
    const holder = await readHolder(file);
    if (holder === undefined) continue;
    if (await isAlive(holder)) living.push({ file, holder });
    else await rm(file, { force: true });
  }
  return living;
}

function heldBy(holder: Holder): Error {
  return new Error(
    `another run holds this stack: \`${holder.command}\`, process ${holder.pid} on ${holder.host}, since ${holder.since}; wait for it, or end it`,
  );
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
