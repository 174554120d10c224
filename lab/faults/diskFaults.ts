import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { diskPath } from "../disks.ts";
import type { Machine } from "../machine.ts";
import { run, sleep } from "../process.ts";
import type { FaultCluster, Injected } from "./fault.ts";
import { powerOn, threadsOf } from "./kinds.ts";
import { etcdctl, etcdStatus, withRole } from "./members.ts";
import { processesNamed, threadStates } from "./processes.ts";

/** Host path of a machine's etcd disk. */
export function etcdDiskPath(machine: Machine): string {
  const disk = machine.disks.find(({ name }) => name === "etcd");
  if (disk === undefined) throw new Error(`machine ${machine.name} has no etcd disk`);
  return diskPath(machine.paths, disk);
}

/** Every write and sync of the disk hangs until it is healed; reads go on. */
export async function stallFsync(machine: Machine): Promise<Injected> {
  await machine.stallDisk("etcd", true);
  return {
    target: machine.name,
    proof: async () => {
      const [etcd] = processesNamed(machine, "etcd");
      if (etcd === undefined) return undefined;
      const hung = async () =>
        threadsOf(etcd.pid).filter((thread) => threadStates([thread], etcd.pid) === "D");
      const before = await hung();
      await sleep(1000);
      const still = (await hung()).filter((thread) => before.includes(thread));
      return still.length > 0 ? `${still.length} of etcd's threads hang in the kernel` : undefined;
    },
    heal: () => machine.stallDisk("etcd", false),
  };
}

/** What the names of all files begin with that faults put on disks. */
export const faultFilePrefix = "quorum-fault-";
const ballastName = `${faultFilePrefix}ballast`;
const fillerValue = "x".repeat(1_200_000);
const fillerWrites = 40;

/** The disk has no free block left, and etcd is given more than fits into what it has preallocated. */
export async function fillDisk(cluster: FaultCluster, machine: Machine): Promise<Injected> {
  const path = etcdDiskPath(machine);
  const ballast = join(path, ballastName);
  const { bavail, bsize } = statfsSync(path);
  await run("fallocate", ["-l", `${bavail * bsize}`, ballast], { mayFail: true });
  await run("dd", ["if=/dev/zero", `of=${ballast}.rest`, "bs=4096", "status=none"], {
    mayFail: true,
  });
  const [etcd] = processesNamed(machine, "etcd");
  const other = withRole(cluster.lab, "etcd").find(({ name }) => name !== machine.name);
  const filling = other === undefined ? Promise.resolve() : fill(other);
  return {
    target: machine.name,
    proof: async () => {
      const { bavail: free } = statfsSync(path);
      const now = processesNamed(machine, "etcd").map(({ pid }) => pid);
      const fell = etcd !== undefined && !now.includes(etcd.pid);
      const log = await machine.exec(
        ["journalctl", "--unit=etcd", "--since=-2min", "--grep=no space left on device", "--quiet"],
        { mayFail: true },
      );
      const said = log.stdout.trim() !== "";
      if (free > 0 || !(fell || said)) return undefined;
      return `0 blocks free; etcd ${fell ? "stopped" : "complained"}`;
    },
    heal: async () => {
      await filling;
      for (const file of [ballast, `${ballast}.rest`]) rmSync(file, { force: true });
      if (other !== undefined) await etcdctl(other, ["del", fillerKey]);
    },
  };
}

const fillerKey = "/quorum-fault/filler";

/** Large values through the healthy members, which all members must store. */
async function fill(machine: Machine): Promise<void> {
  const script = `. /etc/quorum/etcd/client.env; export ETCDCTL_ENDPOINTS ETCDCTL_CACERT ETCDCTL_CERT ETCDCTL_KEY
for i in $(seq ${fillerWrites}); do etcdctl --command-timeout=5s put ${fillerKey} <"$1" >/dev/null 2>&1; done; rm -f "$1"`;
  const file = "/tmp/quorum-fault-filler";
  await machine.exec(["sh", "-c", `cat >${file}`], { input: fillerValue });
  await machine.exec(["sh", "-c", script, "sh", file], { mayFail: true, timeoutSeconds: 240 });
}

/** Machine off, an empty disk in its place, machine on: the member must rejoin by itself. */
export async function wipeDisk(cluster: FaultCluster, machine: Machine): Promise<Injected> {
  const idOf = async () =>
    (await etcdStatus(cluster.lab)).find(({ address }) => address === machine.host.address)
      ?.memberId;
  const before = await idOf();
  if (before === undefined) throw new Error(`${machine.name} was no member`);
  await machine.powerOff();
  machine.replaceDisk("etcd");
  await powerOn(cluster, [machine]);
  return {
    target: machine.name,
    proof: async () => {
      const now = await idOf();
      return now === undefined || now === before
        ? undefined
        : `member ${before} came back as ${now}`;
    },
    heal: () => undefined,
  };
}

const canaryBytes = 65_536;

/**
 * Power of these machines fails at one instant: writes that no fsync had put on their disks are lost.
 * Two canaries prove it: one was synced, the other not.
 */
export async function cutPowerOf(
  cluster: FaultCluster,
  machines: readonly Machine[],
): Promise<Injected> {
  for (const machine of machines) writeCanary(machine, "synced", true);
  for (const machine of machines) machine.freeze();
  for (const machine of machines) writeCanary(machine, "unsynced", false);
  await Promise.all(machines.map((machine) => machine.powerOff({ dropUnsynced: true })));
  let evidence: string | undefined;
  await powerOn(cluster, machines);
  const kept = machines.filter((machine) => canaryLength(machine, "synced") === canaryBytes);
  const dropped = machines.filter((machine) => canaryLength(machine, "unsynced") === 0);
  if (kept.length === machines.length && dropped.length === machines.length) {
    evidence = `synced canaries are there, unsynced ones are not, on ${machines.length} disks`;
  }
  return {
    target: machines.map(({ name }) => name).join(", "),
    proof: () => evidence,
    heal: () => {
      for (const machine of machines) {
        for (const kind of ["synced", "unsynced"])
          rmSync(canaryFile(machine, kind), { force: true });
      }
    },
  };
}

function canaryFile(machine: Machine, kind: string): string {
  return join(etcdDiskPath(machine), `${faultFilePrefix}canary-${kind}`);
}

function writeCanary(machine: Machine, kind: string, synced: boolean): void {
  const file = openSync(canaryFile(machine, kind), "w", 0o600);
  writeSync(file, Buffer.alloc(canaryBytes, kind));
  if (synced) fsyncSync(file);
  closeSync(file);
}

/** Bytes of a canary that still hold what was written. */
function canaryLength(machine: Machine, kind: string): number {
  try {
    const text = readFileSync(canaryFile(machine, kind));
    return text.equals(Buffer.alloc(canaryBytes, kind)) ? text.length : 0;
  } catch {
    return 0;
  }
}
