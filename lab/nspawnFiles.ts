import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isMounted } from "./mounts.ts";

/** What systemd-nspawn leaves behind when it is killed: its folders in /run and its lock on the root. */
export function removeNspawnFiles(nspawnName: string, root: string): void {
  const run = "/run/systemd/nspawn";
  for (const kind of ["propagate", "unix-export"]) {
    rmSync(join(run, kind, nspawnName), { recursive: true, force: true });
  }
  if (!isMounted(root)) return;
  const { dev, ino } = statSync(root);
  rmSync(join(run, "locks", `inode-${dev}:${ino}`), { force: true });
}
