import { existsSync, readdirSync, readFileSync } from "node:fs";
import { run, waitUntil } from "./process.ts";

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

/** The loop device of a file, made where there is none: path of the device. */
export async function loopDevice(file: string): Promise<string> {
  for (const [device, held] of loops()) if (held === file) return `/dev/${device}`;
  return (await run("losetup", ["--find", "--show", file])).stdout.trim();
}

/**
 * Let go of every file at or below a path, and wait: a loop device stays for as long as a dying process
 * still sees its file system. Errors: one is still held after 30 s.
 */
export async function releaseLoops(path: string): Promise<void> {
  await waitUntil(
    `loop devices of ${path} are let go`,
    30,
    async () => {
      const left = loopsUnder(path);
      for (const [device] of left)
        await run("losetup", ["--detach", `/dev/${device}`], { mayFail: true });
      return left.length === 0;
    },
    20,
  );
}

/** Loop devices of files at or below a path: name of the device, and its file, which may be gone by now. */
export function loopsUnder(path: string): [device: string, file: string][] {
  return [...loops()]
    .map(([device, file]): [string, string] => {
      // The kernel says so of a file that has been removed meanwhile.
      return [device, file.replace(/ \(deleted\)$/, "")];
    })
    .filter(([, file]) => file === path || file.startsWith(`${path}/`));
}
