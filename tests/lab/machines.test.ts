import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesIn } from "../../lab/cgroups.ts";
import { droppedPackets } from "../../lab/cuts.ts";
import type { HostImage } from "../../lab/hostImage.ts";
import { packImage } from "../../lab/imagePacker.ts";
import { sshArguments } from "../../lab/lab.ts";
import { installPrograms, otherPrograms } from "../../lab/machinePrograms.ts";
import { type Lab, takeDown } from "../../lab/machines.ts";
import { run, waitUntil } from "../../lab/process.ts";
import { bootSmallLab, hostImage } from "./support/smallLab.ts";
import { tracesOf } from "./support/traces.ts";

const name = "machinestest";

const traces = () => tracesOf(name, ["etcd-a", "worker-b"]);

function nspawnLocks(): string[] {
  const dir = "/run/systemd/nspawn/locks";
  return existsSync(dir) ? readdirSync(dir) : [];
}

describe("machines of a lab", function () {
  this.timeout(600_000);
  let lab: Lab;
  let image: HostImage;

  before(async () => {
    await takeDown(name);
    ({ lab, image } = await bootSmallLab(name));
  });
  after(async () => {
    await takeDown(name);
  });

  const ssh = (machine: string, command: string) =>
    run("ssh", [...sshArguments(lab, machine), command], { timeoutSeconds: 90 });

  it("answer SSH with the lab's key and the host key that the lab made", async () => {
    for (const machine of lab.names) {
      assert.equal((await ssh(machine, "hostname")).stdout.trim(), machine);
    }
  });

  it("run systemd without a failed unit", async () => {
    for (const machine of lab.names) {
      assert.equal((await ssh(machine, "systemctl --failed --no-legend")).stdout, "");
    }
  });

  it("reach each other, and nothing outside the lab", async () => {
    const other = lab.machine("worker-b").host.address;
    await ssh("etcd-a", `ping -c1 -W2 ${other}`);
    const outside = await run(
      "ssh",
      [...sshArguments(lab, "etcd-a"), "ping -c1 -W1 192.0.2.1; ip route get 192.0.2.1"],
      { mayFail: true },
    );
    assert.match(outside.stdout, /100% packet loss/);
  });

  it("have cgroups of their own in which they can make others", async () => {
    const [first, second] = lab.names.map((machine) => processesIn(lab.machine(machine).cgroups));
    assert.ok(first !== undefined && second !== undefined);
    assert.ok(first.length > 5 && second.length > 5);
    assert.deepEqual(
      first.filter((pid) => second.includes(pid)),
      [],
    );
    await ssh("etcd-a", "mkdir /sys/fs/cgroup/memory/probe");
    const seen = await ssh("worker-b", "ls /sys/fs/cgroup/memory");
    assert.doesNotMatch(seen.stdout, /^probe$/m);
    await ssh("etcd-a", "rmdir /sys/fs/cgroup/memory/probe");
  });

  it("start containers from images that are there from the beginning", async () => {
    const machine = lab.machine("worker-b");
    const unit = ["systemd-run", "--quiet", "--unit=containerd-probe", "--property=Type=notify"];
    await machine.exec([...unit, "/usr/local/bin/containerd"]);
    const ctr = ["ctr", "--namespace=k8s.io", "run", "--rm"];
    const kubeProxy = Object.values(
      (await import("../../config/versions.ts")).selfManagedVersions,
    )[0];
    const image = `registry.k8s.io/kube-proxy:v${kubeProxy?.kubernetes}`;
    const nft = await machine.exec([...ctr, image, "probe", "/usr/sbin/nft", "--version"]);
    assert.match(nft.stdout, /^nftables v/);
    await machine.exec(["systemctl", "stop", "containerd-probe"]);
  });

  it("keep their disks and identity over a power cycle", async () => {
    const machine = lab.machine("etcd-a");
    await ssh("etcd-a", "echo kept > /root/kept; echo kept > /var/lib/etcd/kept; sync");
    const identity = await ssh("etcd-a", "cat /etc/machine-id");
    await machine.powerOff();
    assert.equal(machine.isOn(), false);
    await lab.powerOn("etcd-a", image);
    const after = await ssh("etcd-a", "cat /etc/machine-id /root/kept /var/lib/etcd/kept");
    assert.equal(after.stdout, `${identity.stdout}kept\nkept\n`);
  });

  it("lose in a power cut what no one had synced, and nothing else", async () => {
    const write = "import os; f = os.open('/var/lib/etcd/synced', os.O_WRONLY | os.O_CREAT)";
    await ssh("etcd-a", `python3 -c "${write}; os.write(f, b'x'); os.fsync(f)"`);
    await ssh("etcd-a", "echo x > /var/lib/etcd/unsynced");
    await lab.machine("etcd-a").powerOff({ dropUnsynced: true });
    await lab.powerOn("etcd-a", image);
    const listing = (await ssh("etcd-a", "ls /var/lib/etcd")).stdout;
    assert.match(listing, /^synced$/m);
    assert.doesNotMatch(listing, /^unsynced$/m);
  });

  it("get an empty disk in place of one that is replaced", async () => {
    const before = (await ssh("etcd-a", "findmnt -no UUID /var/lib/etcd; ls /var/lib/etcd")).stdout;
    const machine = lab.machine("etcd-a");
    assert.throws(() => machine.replaceDisk("etcd"), /power it off first/);
    await machine.powerOff();
    machine.replaceDisk("etcd");
    await lab.powerOn("etcd-a", image);
    assert.equal((await ssh("etcd-a", "ls -A /var/lib/etcd")).stdout, "");
    assert.ok(before.includes("kept"));
  });

  it("come back by themselves when they reboot", async () => {
    const machine = lab.machine("worker-b");
    const leader = machine.leader();
    await ssh("worker-b", "ip address add 198.18.255.254/32 dev eth0");
    await machine.exec(["systemctl", "reboot", "--force"], { mayFail: true });
    await waitUntil("worker-b has rebooted", 60, () => {
      const now = machine.leader();
      return now !== undefined && now !== leader;
    });
    await machine.waitUntilUp();
    assert.doesNotMatch((await ssh("worker-b", "ip -o -4 address")).stdout, /198\.18\.255\.254/);
  });

  it("stand still while frozen and go on when thawed", async () => {
    const machine = lab.machine("worker-b");
    machine.freeze();
    const answer = await run(
      "ssh",
      [...sshArguments(lab, "worker-b"), "-o", "ConnectTimeout=2", "true"],
      {
        mayFail: true,
        timeoutSeconds: 4,
      },
    );
    machine.thaw();
    assert.notEqual(answer.exitCode, 0);
    await ssh("worker-b", "true");
  });

  it("are cut off in the direction that is named, and every dropped packet is counted", async () => {
    const peer = lab.machine("worker-b").host.address;
    const ping = async (from: string, to: string) => {
      const result = await lab.machine(from).exec(["ping", "-c1", "-W1", to], { mayFail: true });
      return result.exitCode === 0;
    };
    await lab.setCuts([{ machine: "etcd-a", direction: "from", peers: [peer], protocol: "icmp" }]);
    assert.equal(await ping("etcd-a", peer), false);
    assert.ok((await droppedPackets(name)) > 0);
    await ssh("etcd-a", "true");
    await lab.setCuts([]);
    assert.equal(await ping("etcd-a", peer), true);
  });

  it("keep their units apart: a signal reaches the main process that is meant", async () => {
    const machine = lab.machine("worker-b");
    const pid = async () =>
      (await machine.exec(["systemctl", "show", "-p", "MainPID", "--value", "ssh"])).stdout.trim();
    const before = await pid();
    assert.equal(await machine.signalUnit("ssh.service", "SIGKILL"), true);
    await waitUntil("sshd is back", 20, async () => !["0", before].includes(await pid()));
  });

  it("get the programs and images of another release while they run", async () => {
    const dir = mkdtempSync(join(tmpdir(), "quorum-test-"));
    const layer = join(dir, "layer");
    mkdirSync(join(layer, "usr/local/bin"), { recursive: true });
    mkdirSync(join(dir, "archives"));
    const program = join(layer, "usr/local/bin/crictl");
    writeFileSync(program, "#!/bin/sh\necho another release\n", { mode: 0o755 });
    const name = "registry.example/probe:2";
    await packImage(
      { name, files: { "/probe": program }, entrypoint: ["/probe"], architecture: "amd64" },
      join(dir, "archives/probe.tar"),
    );
    const other = {
      ...image,
      layers: [layer, ...image.layers.slice(1)],
      archives: join(dir, "archives"),
    };
    const machine = lab.machine("worker-b");
    assert.deepEqual(otherPrograms(machine, image), []);
    assert.deepEqual(otherPrograms(machine, other), ["usr/local/bin/crictl"]);
    await installPrograms(machine, other);
    assert.deepEqual(otherPrograms(machine, other), []);
    assert.equal((await ssh("worker-b", "crictl")).stdout, "another release\n");
    await ssh("worker-b", "systemd-run -q --unit=probe -p Type=notify /usr/local/bin/containerd");
    const images = await ssh("worker-b", "ctr -n k8s.io images ls -q; systemctl stop probe");
    assert.match(images.stdout, /^registry\.example\/probe:2$/m);
    rmSync(dir, { recursive: true });
  });

  it("are booted again by the same call after one was switched off, and the others left alone", async () => {
    const untouched = lab.machine("etcd-a").leader();
    await lab.machine("worker-b").powerOff();
    await lab.boot(image);
    assert.deepEqual(lab.running(), lab.names);
    assert.equal(lab.machine("etcd-a").leader(), untouched);
  });

  it("leave nothing behind, however often they are taken down", async () => {
    assert.ok((await traces()).length > 10);
    const locksOfOthers = nspawnLocks().length - lab.names.length;
    await lab.down();
    assert.deepEqual(await traces(), []);
    assert.ok(nspawnLocks().length <= locksOfOthers);
    await lab.down();
    assert.deepEqual(await traces(), []);
  });

  it("leave nothing behind when their maker was killed at any point", async () => {
    await hostImage();
    for (const milliseconds of [300, 700, 1500]) {
      await startAndKillMaker(milliseconds);
      await takeDown(name);
      assert.deepEqual(await traces(), [], `killed after ${milliseconds} ms`);
    }
  });

  it("are all there when the maker runs again after it was killed", async () => {
    await startAndKillMaker(900);
    ({ lab } = await bootSmallLab(name));
    for (const machine of lab.names) await ssh(machine, "true");
  });
});

/** Another process that boots the same lab, and is killed in the middle if it has not ended by then. */
async function startAndKillMaker(milliseconds: number): Promise<void> {
  const support = `${import.meta.dirname}/support/smallLab.ts`;
  const code = `import { bootSmallLab } from ${JSON.stringify(support)}; await bootSmallLab(${JSON.stringify(name)});`;
  const maker = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: "ignore",
  });
  // Listened for from the start: on a quiet computer it may end before it is killed.
  const ended = once(maker, "exit");
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  maker.kill("SIGKILL");
  await ended;
}
