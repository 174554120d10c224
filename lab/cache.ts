import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { unmountAll } from "./mounts.ts";
import { cacheDir } from "./paths.ts";
import { identify, isAlive, type ProcessIdentity, sleep } from "./process.ts";

/** Short digest of anything that JSON can hold; the same value gives the same key. */
export function cacheKey(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

/**
 * Folder `<cache>/<kind>/<key>`, made by `make` where it is missing. It appears whole or not at
 * all, and two processes that want the same one build it once.
 */
export async function cached(
  kind: string,
  key: string,
  make: (dir: string) => Promise<void>,
): Promise<string> {
  const dir = join(cacheDir(), kind, key);
  if (existsSync(dir)) return dir;
  mkdirSync(dirname(dir), { recursive: true });
  const unlock = await lock(`${dir}.lock`);
  try {
    if (existsSync(dir)) return dir;
    await removeUnfinished(dir);
    const unfinished = `${dir}.unfinished-${randomBytes(4).toString("hex")}`;
    mkdirSync(unfinished);
    await make(unfinished);
    renameSync(unfinished, dir);
    return dir;
  } finally {
    unlock();
  }
}

export function isCached(kind: string, key: string): boolean {
  return existsSync(join(cacheDir(), kind, key));
}

/** Only the holder of the lock writes beside `dir`, so what lies there is left from a crash. */
async function removeUnfinished(dir: string): Promise<void> {
  const prefix = `${dir}.unfinished-`;
  for (const name of readdirSync(dirname(dir))) {
    const path = join(dirname(dir), name);
    if (!path.startsWith(prefix)) continue;
    await unmountAll(path);
    rmSync(path, { recursive: true, force: true });
  }
}

/** Wait for a lock file that names its holder; a dead holder's lock is taken over. */
async function lock(file: string): Promise<() => void> {
  const self = JSON.stringify(identify(process.pid));
  for (;;) {
    try {
      writeFileSync(file, self, { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (!holderIsAlive(file)) rmSync(file, { force: true });
    else await sleep(500);
  }
}

function holderIsAlive(file: string): boolean {
  try {
    const text = readFileSync(file, "utf8");
    // Empty: its holder has created it this instant.
    return text === "" || isAlive(JSON.parse(text) as ProcessIdentity);
  } catch {
    return false;
  }
}
