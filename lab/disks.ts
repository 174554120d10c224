import { existsSync, mkdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { loopsUnder, releaseLoops } from "./loops.ts";
import { isMounted, unmountAll } from "./mounts.ts";
import { type MachinePaths, machinePaths } from "./paths.ts";
import { run } from "./process.ts";
import type { LabRecord } from "./record.ts";

/**
 * A data disk. "directory": a folder of the host's file system, as big as that. "image": a file
 * system of its own in an image file, which can fill up, stall, lose unsynced writes or be replaced.
 */
export interface Disk {
  name: string;
  kind: "directory" | "image";
  mountPoint: string;
  /** Of an image. */
  sizeMiB?: number;
}

/** The disk of local volumes that a worker has. */
export interface VolumesDisk {
  directory: string;
  sizeMiB: number;
}

const etcdDiskMiB = 4096;

/**
 * Disks of a machine: two that must not lie on overlayfs, etcd's own for etcd members, and one for
 * the local volumes of workers where the stack has them.
 */
export function disksOf(
  roles: readonly string[],
  etcdDataDir: string,
  volumes?: VolumesDisk,
): Disk[] {
  const disks: Disk[] = [
    { name: "containerd", kind: "directory", mountPoint: "/var/lib/containerd" },
    { name: "kubelet", kind: "directory", mountPoint: "/var/lib/kubelet" },
  ];
  if (roles.includes("etcd")) {
    const place = { mountPoint: etcdDataDir, sizeMiB: etcdDiskMiB };
    disks.push({ name: "etcd", kind: "image", ...place });
  }
  if (volumes !== undefined && roles.includes("worker")) {
    const { directory: mountPoint, sizeMiB } = volumes;
    disks.push({ name: "volumes", kind: "image", mountPoint, sizeMiB });
  }
  return disks;
}

/** Host path that is bound into the machine. */
export function diskPath(paths: MachinePaths, disk: Disk): string {
  return join(paths.disks, disk.name);
}

function imageFile(paths: MachinePaths, disk: Disk): string {
  return `${diskPath(paths, disk)}.img`;
}

/** Make a disk where it is missing and mount it; `seed` is what a new directory disk starts with. */
export async function attachDisk(
  lab: string,
  machine: string,
  disk: Disk,
  record: LabRecord,
  seed?: string,
): Promise<void> {
  const paths = machinePaths(lab, machine);
  const path = diskPath(paths, disk);
  if (disk.kind === "directory") {
    if (!existsSync(path)) await seedDirectory(path, seed);
    return;
  }
  const image = imageFile(paths, disk);
  mkdirSync(path, { recursive: true });
  if (isMounted(path)) return;
  const isNew = !existsSync(image);
  if (isNew) await makeImage(image, disk.sizeMiB ?? etcdDiskMiB);
  record.add({ kind: "mount", machine, path });
  // A long commit interval: what nobody has synced stays in memory and is lost in a power cut.
  await run("mount", ["-o", "loop,noatime,commit=300", image, path]);
  if (!isNew) return;
  rmdirSync(join(path, "lost+found")); // etcd warns of what it does not know
  await run("sync", ["--file-system", path]);
}

async function makeImage(image: string, sizeMiB: number): Promise<void> {
  const unfinished = `${image}.new`;
  rmSync(unfinished, { force: true });
  await run("truncate", ["-s", `${sizeMiB}M`, unfinished]);
  const lazy = "lazy_itable_init=1,lazy_journal_init=1";
  await run("mkfs.ext4", ["-q", "-m", "0", "-J", "size=32", "-E", lazy, unfinished]);
  await run("mv", [unfinished, image]);
}

/**
 * Layers and blobs of container images are never written to, so machines share them by hard link:
 * no copying, and one page cache for all. Databases are copied.
 */
async function seedDirectory(path: string, seed: string | undefined): Promise<void> {
  const unfinished = `${path}.new`;
  await run("rm", ["-rf", unfinished]);
  if (seed === undefined) {
    mkdirSync(unfinished, { recursive: true });
  } else {
    mkdirSync(join(unfinished, ".."), { recursive: true });
    const linked = await run("cp", ["-al", seed, unfinished], { mayFail: true });
    if (linked.exitCode !== 0) {
      await run("rm", ["-rf", unfinished]);
      await run("cp", ["-a", "--reflink=auto", seed, unfinished]);
    } else {
      const databases = ["-name", "*.db", "-type", "f"];
      const unlink = 'cp -p "$1" "$1.own" && mv "$1.own" "$1"';
      const each = ["-exec", "sh", "-c", unlink, "sh", "{}", ";"];
      await run("find", [unfinished, ...databases, ...each]);
    }
  }
  await run("mv", [unfinished, path]);
}

/** Unmount a disk. With `dropUnsynced` nothing that was not yet on the disk reaches it any more. */
export async function detachDisk(
  paths: MachinePaths,
  disk: Disk,
  dropUnsynced: boolean,
): Promise<void> {
  if (disk.kind === "directory") return;
  if (!isMounted(diskPath(paths, disk))) return;
  if (dropUnsynced) await cutPower(paths, disk);
  await unmountAll(diskPath(paths, disk));
  // The machine's own view of the mount goes with the last of its dying processes. Until then the
  // file system lives on, and a new mount would only join it.
  await releaseLoops(imageFile(paths, disk));
}

/** EXT4_IOC_SHUTDOWN without a flush of the journal (flag 2), for which Debian has no program. */
const shutDown = `
  open my $root, "<", $ARGV[0] or die "$ARGV[0]: $!";
  my $flag = pack "L", 2;
  ioctl($root, 0x8004587D, $flag) or die "ext4 shutdown: $!";
`;

/** Stop an image disk at this instant, its journal unflushed, as a power cut does. */
export async function cutPower(paths: MachinePaths, disk: Disk): Promise<void> {
  const path = diskPath(paths, disk);
  if (disk.kind === "image" && isMounted(path)) await run("perl", ["-e", shutDown, path]);
}

/** Throw a detached disk away; the next attach makes a new, empty one with another identity. */
export function discardDisk(paths: MachinePaths, disk: Disk): void {
  rmSync(imageFile(paths, disk), { force: true });
  rmSync(diskPath(paths, disk), { recursive: true, force: true });
}

/** Hold every write and sync of an image disk back, or let it go on. Errors: it is not attached. */
export async function setStalled(paths: MachinePaths, disk: Disk, stalled: boolean): Promise<void> {
  const path = diskPath(paths, disk);
  // Without its mount this is a folder of the host's file system, which would stall instead.
  if (!isMounted(path)) throw new Error(`disk ${path} is not attached`);
  await run("fsfreeze", [stalled ? "--freeze" : "--unfreeze", path]);
}

/**
 * Let every stalled image disk of a machine go on: what hangs in one cannot even be killed. It goes by
 * loop devices, so it needs no spec and finds a file system that no mount of this computer shows any
 * more: a frozen one outlives all its mounts. That one is mounted in its place again, where whoever
 * detaches disks looks for it.
 * @returns names of the disks that were stalled.
 */
export async function thawDisks(paths: MachinePaths): Promise<string[]> {
  const thawed: string[] = [];
  for (const [device, image] of loopsUnder(paths.disks)) {
    const path = image.replace(/\.img$/, "");
    if (!isMounted(path)) {
      mkdirSync(path, { recursive: true });
      const mounted = await run("mount", ["-o", "noatime", `/dev/${device}`, path], {
        mayFail: true,
      });
      if (mounted.exitCode !== 0) continue; // the device was let go meanwhile
    }
    // It fails where nothing is frozen, which is the usual case.
    const { exitCode } = await run("fsfreeze", ["--unfreeze", path], { mayFail: true });
    if (exitCode === 0) thawed.push(basename(path));
  }
  return thawed;
}
