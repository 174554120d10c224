import { existsSync, readFileSync } from "node:fs";
import { run } from "./process.ts";

/** Mount points at or under `path`, innermost first. */
export function mountsUnder(path: string, mountInfo = readMountInfo()): string[] {
  return mountInfo
    .split("\n")
    .map((line) => line.split(" ")[4])
    .filter((point) => point !== undefined)
    .map((point) =>
      point.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8))),
    )
    .filter((point) => point === path || point.startsWith(`${path}/`))
    .reverse();
}

function readMountInfo(): string {
  return readFileSync("/proc/self/mountinfo", "utf8");
}

export function isMounted(path: string): boolean {
  return mountsUnder(path).includes(path);
}

/** Unmount a path and everything under it; absent is fine. */
export async function unmountAll(path: string): Promise<void> {
  if (!existsSync(path)) return;
  for (const point of mountsUnder(path)) await run("umount", [point]);
}
