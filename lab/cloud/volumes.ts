import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { loopDevice, releaseLoops } from "../loops.ts";
import type { Machine } from "../machine.ts";
import { run } from "../process.ts";

/** Sparse, so that only what is written takes room. */
const volumeMiB = 4096;

/** File behind a volume. */
export function imageFile(dir: string, volumeId: string): string {
  return join(dir, `${volumeId}.img`);
}

/** A new, empty data volume: a file, behind a loop device once it is attached. */
export async function makeVolumeImage(dir: string, volumeId: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  await run("truncate", ["-s", `${volumeMiB}M`, imageFile(dir, volumeId)]);
}

/**
 * Show a volume to a machine as EC2's udev rules do: a block device linked by the volume's id.
 * Does nothing where it is shown already.
 */
export async function showVolume(machine: Machine, dir: string, volumeId: string): Promise<void> {
  const image = imageFile(dir, volumeId);
  if (!existsSync(image)) throw new Error(`volume ${volumeId} has no image`);
  const device = await loopDevice(image);
  // Loop devices have the major number 7; the minor one is that of the device's node.
  const minor = /\d+$/.exec(device)?.[0] ?? "";
  const link = `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace("-", "")}`;
  const script = `[ -b "$1" ] || { mkdir -p "\${1%/*}" && mknod "$1" b 7 "$2"; }`;
  await machine.exec(["sh", "-c", script, "sh", link, minor]);
}

/** Take a volume from a machine that is off. Errors: something still holds it. */
export async function hideVolume(dir: string, volumeId: string): Promise<void> {
  await releaseLoops(imageFile(dir, volumeId));
}
