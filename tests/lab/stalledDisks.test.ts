import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { processesIn } from "../../lab/cgroups.ts";
import { diskPath } from "../../lab/disks.ts";
import { healLab } from "../../lab/faults/heal.ts";
import { threadsOf } from "../../lab/faults/kinds.ts";
import { processesNamed, threadStates } from "../../lab/faults/processes.ts";
import type { HostImage } from "../../lab/hostImage.ts";
import type { Machine } from "../../lab/machine.ts";
import { type Lab, takeDown } from "../../lab/machines.ts";
import { run, signalProcess, waitUntil } from "../../lab/process.ts";
import { bootSmallLab } from "./support/smallLab.ts";
import { tracesOf } from "./support/traces.ts";

const name = "stalltest";

describe("a lab whose fault runner was killed while a disk was stalled", function () {
  this.timeout(300_000);
  let lab: Lab;
  let image: HostImage;
  let etcd: Machine;

  before(async () => {
    await takeDown(name);
    ({ lab, image } = await bootSmallLab(name));
    etcd = lab.machine("etcd-a");
  });
  beforeEach(async () => {
    await lab.powerOn(etcd.name, image);
    await startWriter(etcd);
    await killRunnerInStall();
    await waitUntilHung(etcd);
  });
  after(() => takeDown(name));

  it("writes again after heal, which undoes cuts, frozen and stopped parts too", async () => {
    const worker = lab.machine("worker-b");
    const address = worker.host.address;
    const reaches = async () => {
      const ping = ["ping", "-c1", "-W1", address];
      return (await etcd.exec(ping, { mayFail: true })).exitCode === 0;
    };
    await worker.signalUnit("ssh.service", "SIGSTOP");
    worker.freeze();
    await lab.setCuts([{ machine: "worker-b", direction: "both" }]);
    assert.equal(await reaches(), false);

    const undone = await healLab(lab);

    assert.ok(undone.includes("etcd-a: disk etcd goes on"), undone.join("\n"));
    await waitUntilWriting(etcd);
    assert.equal(await reaches(), true);
    await worker.exec(["true"]);
    const [sshd] = processesNamed(worker, "sshd");
    assert.ok(sshd);
    assert.doesNotMatch(threadStates(threadsOf(sshd.pid), sshd.pid), /T/);
  });

  it("writes again after heal when the stalled disk's mount on this computer is gone", async () => {
    await run("umount", [etcdDisk(etcd)]);
    const undone = await healLab(lab);
    assert.ok(undone.includes("etcd-a: disk etcd goes on"), undone.join("\n"));
    await waitUntilWriting(etcd);
  });

  it("lets the last processes of a machine that is off end after heal", async () => {
    for (const { machine, identity } of lab.record.of("process"))
      if (machine === etcd.name) signalProcess(identity, "SIGKILL");
    for (const pid of processesIn(etcd.cgroups)) process.kill(pid, "SIGKILL");
    await waitUntil("etcd-a is off", 30, () => !etcd.isOn());
    assert.notDeepEqual(processesIn(etcd.cgroups), []);
    etcd.freeze();
    await healLab(lab);
    await waitUntil("nothing hangs", 30, () => processesIn(etcd.cgroups).length === 0);
  });

  for (const dropUnsynced of [false, true]) {
    it(`is powered off and on${dropUnsynced ? " by a power cut" : ""}`, async () => {
      await etcd.powerOff({ dropUnsynced });
      assert.deepEqual(processesIn(etcd.cgroups), []);
      await lab.powerOn(etcd.name, image);
      await etcd.exec(["sync", "/var/lib/etcd/written"]);
    });
  }

  it("refuses to stall a disk that is not attached: its folder is this computer's own", async () => {
    await etcd.powerOff();
    // Whatever the code does, the folder of this test is on a file system that cannot be frozen.
    await run("mount", ["-t", "tmpfs", "tmpfs", etcd.paths.disks]);
    try {
      mkdirSync(etcdDisk(etcd));
      await assert.rejects(etcd.stallDisk("etcd", true), /not attached/);
    } finally {
      await run("umount", [etcd.paths.disks]);
    }
  });

  it("goes down when a stalled file system has outlived all its mounts and its image", async () => {
    await etcd.powerOff();
    const disk = etcdDisk(etcd);
    await run("mount", ["-o", "loop", `${disk}.img`, disk]);
    await run("fsfreeze", ["--freeze", disk]);
    await run("umount", [disk]);
    await run("rm", [`${disk}.img`]);
    await goDown();
    ({ lab, image } = await bootSmallLab(name));
    etcd = lab.machine("etcd-a");
  });

  it("goes down with the stalled disk's mount already gone and the machine frozen", async () => {
    await run("umount", [etcdDisk(etcd)]);
    etcd.freeze();
    await goDown();
  });

  async function goDown(): Promise<void> {
    await lab.down();
    assert.deepEqual(await tracesOf(name, lab.names), []);
  }
});

function etcdDisk(machine: Machine): string {
  return diskPath(machine.paths, machine.disk("etcd"));
}

const writer =
  "while :; do dd if=/dev/zero of=/var/lib/etcd/written bs=4k count=1 conv=fsync; done";

/** A unit that writes to etcd's disk and syncs, over and over; one is enough. */
async function startWriter(machine: Machine): Promise<void> {
  if (processesNamed(machine, "dd").length > 0) return;
  await machine.exec(["systemd-run", "--quiet", "sh", "-c", writer]);
  await waitUntil("the file is written", 20, () => existsSync(join(etcdDisk(machine), "written")));
}

/** Another process injects the stall as the fault runner does, and is killed with -9 while it lasts. */
async function killRunnerInStall(): Promise<void> {
  const module = (path: string) => JSON.stringify(`${import.meta.dirname}/../../lab/${path}`);
  const code = `
    import { stallFsync } from ${module("faults/diskFaults.ts")};
    import { Lab } from ${module("machines.ts")};
    await stallFsync(Lab.open(${JSON.stringify(name)}).machine("etcd-a"));
    console.log("stalled");
    setInterval(() => undefined, 1000);
  `;
  const runner = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(runner, "exit");
  const [said] = await Promise.race([once(runner.stdout, "data"), ended]);
  assert.equal(`${said}`.trim(), "stalled");
  runner.kill("SIGKILL");
  await ended;
}

/** Wait until the same writing process has hung in the kernel for a second. */
async function waitUntilHung(machine: Machine): Promise<void> {
  const hung = () =>
    processesNamed(machine, "dd")
      .map(({ pid }) => pid)
      .filter((pid) => threadStates(threadsOf(pid), pid) === "D");
  let before: number[] = [];
  await waitUntil(
    "the writer hangs",
    20,
    () => {
      const now = hung();
      const still = now.some((pid) => before.includes(pid));
      before = now;
      return still;
    },
    1000,
  );
}

/** Wait until another process writes than the one that hung. */
async function waitUntilWriting(machine: Machine): Promise<void> {
  const seen = new Set<number>();
  await waitUntil("the writer goes on", 30, () => {
    for (const { pid } of processesNamed(machine, "dd")) seen.add(pid);
    return seen.size > 2;
  });
}
