import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createCgroups,
  firstProcess,
  hierarchies,
  killAll,
  type MachineLimits,
  machineCgroups,
  setFrozen,
  setLimits,
  usesVersion1,
} from "./cgroups.ts";
import {
  attachDisk,
  cutPower,
  type Disk,
  detachDisk,
  discardDisk,
  diskPath,
  disksOf,
  setStalled,
  thawDisks,
} from "./disks.ts";
import type { HostImage } from "./hostImage.ts";
import { prepareRoot } from "./machineRoot.ts";
import { isMounted, unmountAll } from "./mounts.ts";
import { namespaceName, namespacePath, plugIn, unplug, withPrefix } from "./network.ts";
import { removeNspawnFiles } from "./nspawnFiles.ts";
import { labsDir, type MachinePaths, machinePaths } from "./paths.ts";
import {
  type CommandResult,
  identify,
  isAlive,
  type RunOptions,
  run,
  waitUntil,
} from "./process.ts";
import type { LabRecord } from "./record.ts";
import { gatewayOf, type LabHost, type LabSpec } from "./spec.ts";

const bootSeconds = 90;

/** One machine of a lab: what can be done to it from outside, as by a hand on its plugs. */
export class Machine {
  readonly lab: string;
  readonly name: string;
  readonly host: LabHost;
  readonly paths: MachinePaths;
  readonly disks: Disk[];
  readonly #spec: LabSpec;
  readonly #record: LabRecord;

  constructor(spec: LabSpec, name: string, record: LabRecord) {
    const host = spec.hosts[name];
    if (host === undefined) throw new Error(`lab "${spec.name}" has no machine "${name}"`);
    this.lab = spec.name;
    this.name = name;
    this.host = host;
    this.paths = machinePaths(spec.name, name);
    this.disks = disksOf(host.roles, spec.etcdDataDir, spec.volumes);
    this.#spec = spec;
    this.#record = record;
  }

  get cgroups(): string[] {
    return machineCgroups(this.lab, this.name);
  }

  /** Process number of the machine's own first process on this computer, while it runs. */
  leader(): number | undefined {
    return firstProcess(this.cgroups);
  }

  isOn(): boolean {
    const supervisors = this.#record.of("process").filter(({ machine }) => machine === this.name);
    return supervisors.some(({ identity }) => isAlive(identity)) && this.leader() !== undefined;
  }

  /** Boot, keeping whatever its disks hold. Does nothing to a machine that is on. */
  async powerOn(image: HostImage): Promise<void> {
    if (this.isOn()) return;
    await this.powerOff();
    await prepareRoot(this.#spec, this.name);
    await this.#mountRoot(image);
    for (const disk of this.disks) {
      const seed = disk.name === "containerd" ? image.containerdStore : undefined;
      await attachDisk(this.lab, this.name, disk, this.#record, seed);
    }
    await plugIn(this.lab, this.name, this.#record);
    for (const path of this.cgroups) this.#add({ kind: "cgroup", path });
    createCgroups(this.lab, this.name);
    this.#startSupervisor();
  }

  /** Wait until systemd has started everything and SSH answers. Errors: the last console lines. */
  async waitUntilUp(timeoutSeconds = bootSeconds): Promise<void> {
    try {
      await waitUntil(`machine ${this.name} is up`, timeoutSeconds, () => this.#answers(), 300);
    } catch (error) {
      const console = existsSync(this.paths.console)
        ? readFileSync(this.paths.console, "utf8")
        : "";
      const last = console.split("\n").slice(-15).join("\n");
      throw new Error(`${(error as Error).message}; its console (${this.paths.console}):\n${last}`);
    }
  }

  async #answers(): Promise<boolean> {
    if (this.leader() === undefined) {
      if (!this.#supervisorAlive()) throw new Error(`machine ${this.name} stopped while booting`);
      return false;
    }
    const state = await this.exec(["systemctl", "is-system-running"], { mayFail: true });
    if (!["running", "degraded"].includes(state.stdout.trim())) return false;
    const ssh = await this.exec(["systemctl", "is-active", "ssh"], { mayFail: true });
    return ssh.stdout.trim() === "active";
  }

  #supervisorAlive(): boolean {
    const own = this.#record.of("process").filter(({ machine }) => machine === this.name);
    return own.some(({ identity }) => isAlive(identity));
  }

  /**
   * Power off as a pulled plug does: every process SIGKILLed, the network card gone. Disks keep
   * what was written; with `dropUnsynced` image disks lose what no fsync had put on them.
   */
  async powerOff(options: { dropUnsynced?: boolean } = {}): Promise<void> {
    const dropUnsynced = options.dropUnsynced === true;
    if (dropUnsynced) {
      setFrozen(this.cgroups, true);
      for (const disk of this.disks) await cutPower(this.paths, disk);
    }
    await thawDisks(this.paths);
    await killAll(this.cgroups);
    await unplug(this.lab, this.name);
    for (const disk of this.disks) await detachDisk(this.paths, disk, dropUnsynced);
    removeNspawnFiles(this.#nspawnName(), this.paths.root);
    await unmountAll(this.paths.root);
  }

  /**
   * Run a command inside, without the network. It stands outside the machine's cgroups, so it works
   * on a machine whose limits are used up; on a frozen one it can only talk to the kernel.
   * Errors: machine is off; CommandError.
   */
  exec(command: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const leader = this.leader();
    if (leader === undefined) throw new Error(`machine ${this.name} is off`);
    const spaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"];
    const environment = [
      "-i",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOME=/root",
      "LANG=C.UTF-8",
    ];
    const args = [`--target=${leader}`, ...spaces, "--", "/usr/bin/env", ...environment];
    return run("nsenter", [...args, ...command], { timeoutSeconds: 60, ...options });
  }

  /** Signal the main process of a unit inside; false when it has none. */
  async signalUnit(unit: string, signal: NodeJS.Signals): Promise<boolean> {
    const shown = await this.exec(["systemctl", "show", "--property=MainPID", "--value", unit]);
    const pid = shown.stdout.trim();
    if (pid === "0" || pid === "") return false;
    return (await this.signalInside([pid], signal)) > 0;
  }

  /**
   * Signal every process inside whose executable has this name, e.g. "kube-apiserver".
   * Returns how many were signalled.
   */
  async signalCommand(name: string, signal: NodeJS.Signals): Promise<number> {
    // The kernel keeps 15 characters of a command's name.
    const pattern = `^${name.slice(0, 15)}$`;
    const found = await this.exec(["pgrep", pattern], { mayFail: true });
    return this.signalInside(found.stdout.split("\n").filter(Boolean), signal);
  }

  async signalInside(pids: readonly string[], signal: NodeJS.Signals): Promise<number> {
    if (pids.length === 0) return 0;
    await this.exec(["kill", `-${signal.replace(/^SIG/, "")}`, ...pids]);
    return pids.length;
  }

  /** Stop every process of the machine; its kernel still answers ping and keeps connections. */
  freeze(): void {
    setFrozen(this.cgroups, true);
  }

  thaw(): void {
    setFrozen(this.cgroups, false);
  }

  limit(limits: MachineLimits): void {
    setLimits(this.cgroups, limits);
  }

  /** Data disk by name: "containerd", "kubelet", on members "etcd", on workers perhaps "volumes". */
  disk(name: string): Disk {
    const disk = this.disks.find((candidate) => candidate.name === name);
    if (disk === undefined) throw new Error(`machine ${this.name} has no disk "${name}"`);
    return disk;
  }

  /** Put an empty disk in place of this one. Errors: the machine is on. */
  replaceDisk(name: string): void {
    if (this.leader() !== undefined)
      throw new Error(`machine ${this.name} is on: power it off first`);
    discardDisk(this.paths, this.disk(name));
  }

  /** Hold back every write and sync on an image disk. */
  async stallDisk(name: string, stalled: boolean): Promise<void> {
    await setStalled(this.paths, this.disk(name), stalled);
  }

  #add(resource: { kind: "cgroup"; path: string } | { kind: "mount"; path: string }): void {
    this.#record.add({ ...resource, machine: this.name });
  }

  async #mountRoot(image: HostImage): Promise<void> {
    if (isMounted(this.paths.root)) return;
    this.#add({ kind: "mount", path: this.paths.root });
    const layers = `lowerdir=${this.#layers(image).join(":")}`;
    const own = `upperdir=${this.paths.upper},workdir=${this.paths.work}`;
    const options = ["-t", "overlay", `quorum-${this.name}`, "-o", `${layers},${own}`];
    await run("mount", [...options, this.paths.root]);
  }

  /** A machine keeps the layers that it was first booted from: what it has written goes with them. */
  #layers(image: HostImage): string[] {
    const file = join(this.paths.dir, "layers.json");
    if (!existsSync(file)) writeFileSync(file, JSON.stringify(image.layers));
    const layers = JSON.parse(readFileSync(file, "utf8")) as string[];
    const lost = layers.find((layer) => !existsSync(layer));
    if (lost === undefined) return layers;
    throw new Error(
      `machine ${this.name} was made from ${lost}, which is gone: ` +
        `quorum lab down --stack ${this.lab}, then up`,
    );
  }

  #nspawnName(): string {
    return namespaceName(this.lab, this.name);
  }

  #startSupervisor(): void {
    const script = join(import.meta.dirname, "machine", "supervise.sh");
    const console = openSync(this.paths.console, "a", 0o600);
    const command = [
      "systemd-nspawn",
      "--quiet",
      "--boot",
      "--register=no",
      "--keep-unit",
      `--network-namespace-path=${namespacePath(this.lab, this.name)}`,
      "--capability=all",
      // The clock and the modules are this computer's, not the machine's.
      "--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE",
      `--machine=${this.#nspawnName()}`,
      `--hostname=${this.name}`,
      `--directory=${this.paths.root}`,
      ...this.disks.map((disk) => `--bind=${diskPath(this.paths, disk)}:${disk.mountPoint}`),
      "--bind=/dev/kmsg",
      "--link-journal=no",
      "--resolv-conf=off",
      "--timezone=off",
      "--console=pipe",
    ];
    const address = withPrefix(this.host.address, this.#spec.subnet);
    const place = [namespaceName(this.lab, this.name), address];
    const folders = [labsDir(), this.paths.dir];
    const args = [
      "--mount",
      script,
      ...folders,
      this.cgroups.join(" "),
      ...place,
      gatewayOf(this.#spec),
      ...command,
    ];
    const supervisor = spawn("unshare", args, {
      detached: true,
      stdio: ["ignore", console, console],
      cwd: "/",
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        SYSTEMD_SECCOMP: "0",
        SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: usesVersion1(hierarchies()) ? "0" : "1",
        SYSTEMD_NSPAWN_API_VFS_WRITABLE: "1",
      },
    });
    const identity = supervisor.pid === undefined ? undefined : identify(supervisor.pid);
    if (identity === undefined) throw new Error(`machine ${this.name}: supervisor did not start`);
    this.#record.add({ kind: "process", machine: this.name, identity });
    supervisor.unref();
  }
}
