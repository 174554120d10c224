import { existsSync, readdirSync, readFileSync } from "node:fs";
import { run } from "./process.ts";

/** Loop devices of this computer by device name, e.g. "loop7", with the file behind each. */
function loops(): Map<string, string> {
  const found = new Map<string, string>();
  for (const device of readdirSync("/sys/block")) {
    const file = `/sys/block/${device}/loop/backing_file`;
    try {
      if (existsSync(file)) found.set(device, readFileSync(file, "utf8").trim());
    } catch {
      // let go this instant
    }
  }
  return found;
}

/** Whether a loop device holds this file. */
export function isLooped(file: string): boolean {
  return [...loops().values()].includes(file);
}

/** The loop device of a file, made where there is none: path of the device. */
export async function loopDevice(file: string): Promise<string> {
  for (const [device, held] of loops()) if (held === file) return `/dev/${device}`;
  return (await run("losetup", ["--find", "--show", file])).stdout.trim();
}

/** Let go of every file at or below a path. One that is mounted goes when it is unmounted. */
export async function releaseLoops(path: string): Promise<void> {
  for (const [device, file] of loops()) {
    // The kernel says so of a file that has been removed meanwhile.
    const plain = file.replace(/ \(deleted\)$/, "");
    if (plain === path || plain.startsWith(`${path}/`))
      await run("losetup", ["--detach", `/dev/${device}`], { mayFail: true });
  }
}
