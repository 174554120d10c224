import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HostImage } from "../hostImage.ts";
import type { Machine } from "../machine.ts";
import { ensureSshKey } from "../machineRoot.ts";
import { Lab, removeMachine, takeDown } from "../machines.ts";
import { machinePaths } from "../paths.ts";
import { inParallel, sleep, waitUntil } from "../process.ts";
import type { LabSpec } from "../spec.ts";
import type { CloudControl } from "./control.ts";
import { tendNodes } from "./controller.ts";
import { DataVolumes } from "./dataVolumes.ts";
import { addressIn, type Instance, Instances } from "./instances.ts";
import { layCloudFiles } from "./machineFiles.ts";
import type { CloudGroup, CloudPlan } from "./plan.ts";
import { seed } from "./seed.ts";
import { startStandIn } from "./standIn.ts";

/** AWS keeps the first four addresses of a subnet; the first is this computer's here. */
const gatewayNumber = 2;
const balancerNumber = 3;
const lookMilliseconds = 500;
const tendMilliseconds = 2000;
const widthOfLaunch = 4;

/** What there is once the cloud is up. */
interface Parts {
  control: CloudControl;
  /** File of the authority that machines trust. */
  authority: string;
  instances: Instances;
  volumes: DataVolumes;
}

/**
 * A lab whose machines are made as EC2 makes them: from a launch template's user data, with the
 * metadata service as the only thing they are told. Stands in for auto-scaling groups by `replace`.
 */
export class Cloud {
  readonly plan: CloudPlan;
  readonly name: string;
  /** While true, an attached volume's device does not appear: a volume that comes late. */
  holdDevices = false;
  readonly #image: HostImage;
  #parts: Parts | undefined;
  #watching: Promise<void>[] = [];
  #stopped = false;

  constructor(name: string, plan: CloudPlan, image: HostImage) {
    this.name = name;
    this.plan = plan;
    this.#image = image;
  }

  get control(): CloudControl {
    return this.#up.control;
  }

  /** Its machines, in the order of their start. */
  get instances(): readonly Instance[] {
    return this.#parts?.instances.running ?? [];
  }

  get #up(): Parts {
    if (this.#parts === undefined) throw new Error("the cloud is not up");
    return this.#parts;
  }

  /** The lab with the machines of this moment. */
  get lab(): Lab {
    const { cidr } = this.plan;
    const hosts = this.instances.map(({ name, address, group }) => [
      name,
      { address, zone: group.zone, roles: [] },
    ]);
    // A lab needs a machine; before the first there is the cloud itself.
    const cloud = { address: addressIn(cidr, balancerNumber + 1), zone: "", roles: [] };
    const spec: LabSpec = {
      name: this.name,
      subnet: cidr,
      gateway: addressIn(cidr, gatewayNumber),
      vip: addressIn(cidr, balancerNumber),
      etcdDataDir: "/var/lib/etcd",
      hosts: hosts.length > 0 ? Object.fromEntries(hosts) : { cloud },
    };
    return new Lab(spec);
  }

  machine(instance: Instance): Machine {
    return this.lab.machine(instance.name);
  }

  /** The instances of a role, in the order of their start. */
  ofRole(role: CloudGroup["role"]): Instance[] {
    return this.instances.filter(({ group }) => group.role === role);
  }

  /** Start the emulated AWS with everything of the stack but its machines. */
  async start(): Promise<void> {
    const { lab } = this;
    mkdirSync(lab.dir, { recursive: true, mode: 0o700 });
    this.#writeSpec();
    await ensureSshKey(this.name);
    const { control, authority } = await startStandIn(lab, this.plan);
    const subnets = await seed(control, this.plan);
    const instances = new Instances(this.plan, control, subnets);
    const volumes = new DataVolumes(join(lab.dir, "volumes"), this.plan, control);
    this.#parts = { control, authority, instances, volumes };
    for (const volume of this.plan.volumes) await this.replaceVolume(volume.parameter);
    this.#watching = [
      this.#repeat(lookMilliseconds, () => this.#showDevices()),
      this.#repeat(tendMilliseconds, () => this.#tend()),
    ];
  }

  /** A new, empty volume under a parameter, in place of any that was there. @returns its id. */
  async replaceVolume(parameter: string): Promise<string> {
    const volumeId = await this.#up.volumes.create(parameter);
    await this.putParameter(parameter, volumeId);
    return volumeId;
  }

  /** File behind a volume. */
  volumeFile(volumeId: string): string {
    return this.#up.volumes.file(volumeId);
  }

  async putParameter(name: string, value: string, type = "String"): Promise<void> {
    const parameters = { Name: name, Value: value, Type: type, Overwrite: true };
    await this.control.aws("ssm", "put_parameter", parameters);
  }

  /** Value of a parameter, or undefined where there is none. */
  async parameter(name: string): Promise<string | undefined> {
    const { Parameters } = await this.control.aws<{ Parameters: { Value: string }[] }>(
      "ssm",
      "get_parameters",
      { Names: [name], WithDecryption: true },
    );
    return Parameters[0]?.Value;
  }

  /** Start one machine in each of these groups, all at once. */
  async launch(groups: readonly string[]): Promise<Instance[]> {
    const made: Instance[] = [];
    const { instances, authority } = this.#up;
    for (const name of groups) made.push(await instances.add(name));
    await instances.tell();
    this.#writeSpec();
    await inParallel(made, widthOfLaunch, async (instance) => {
      await layCloudFiles(machinePaths(this.name, instance.name), authority);
      await this.machine(instance).powerOn(this.#image);
    });
    return made;
  }

  /** Switch a machine that has lost power on again, as the same instance. */
  async powerOn(instance: Instance): Promise<void> {
    await this.machine(instance).powerOn(this.#image);
  }

  async powerOff(instance: Instance): Promise<void> {
    await this.machine(instance).powerOff();
  }

  /** Take machines away for good, as EC2 does with ones that have failed; data volumes stay. */
  async terminate(instances: readonly Instance[]): Promise<void> {
    const gone = new Set(instances.map(({ id }) => id));
    await Promise.all(instances.map((instance) => this.machine(instance).powerOff()));
    const { record } = this.lab;
    await this.#up.volumes.detach(gone);
    await this.#up.instances.remove(gone);
    for (const { name } of instances) await removeMachine(this.name, name, record);
    this.#writeSpec();
    await this.#up.instances.tell();
  }

  /**
   * What auto-scaling groups do with a machine that has a lifecycle hook: it is asked to go, and taken
   * away once it has left in order. Errors: it does not within `seconds`.
   */
  async scaleIn(instance: Instance, seconds: number): Promise<void> {
    await this.#up.instances.askToGo(instance);
    const hasLeft = async () => (await this.control.mayGo()).includes(instance.id);
    await waitUntil(`${instance.name} has left the cluster`, seconds, hasLeft, 300);
    await this.terminate([instance]);
  }

  /** What auto-scaling groups do when machines are lost: one in place of each. */
  async replace(instances: readonly Instance[]): Promise<Instance[]> {
    await this.terminate(instances);
    return this.launch(instances.map(({ group }) => group.name));
  }

  /** Run kubectl on a control plane whose API answers. Errors: none does; kubectl's. */
  async kubectl(args: readonly string[]): Promise<string> {
    const config = ["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"];
    const errors: string[] = [];
    for (const instance of this.ofRole("control-plane")) {
      const machine = this.machine(instance);
      if (!machine.isOn()) continue;
      const command = [...config, "--request-timeout=10s", ...args];
      const answer = await machine.exec(command, { mayFail: true });
      if (answer.exitCode === 0) return answer.stdout;
      errors.push(answer.stderr.trim());
    }
    throw new Error(`kubectl ${args.join(" ")}: ${errors.join("; ") || "no control plane is on"}`);
  }

  /** Everything of the lab and its cloud goes. */
  async down(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#watching);
    await takeDown(this.name);
  }

  async #showDevices(): Promise<void> {
    if (this.holdDevices) return;
    await this.#up.volumes.show(this.instances, (instance) => this.machine(instance));
  }

  async #tend(): Promise<void> {
    for (const instance of this.ofRole("control-plane")) {
      const machine = this.machine(instance);
      if (machine.leader() === undefined) continue;
      const joined = await machine.exec(["test", "-s", "/etc/kubernetes/admin.conf"], {
        mayFail: true,
      });
      if (joined.exitCode !== 0) continue;
      const running = this.instances.map(({ id, group }) => ({ id, zone: group.zone }));
      return tendNodes(machine, this.plan.region, running);
    }
  }

  /** Until `down`; a machine that goes while it is looked at is no failure. */
  async #repeat(milliseconds: number, work: () => Promise<void>): Promise<void> {
    while (!this.#stopped) {
      await work().catch(() => undefined);
      await sleep(milliseconds);
    }
  }

  /** What `quorum lab` finds the lab by. */
  #writeSpec(): void {
    const { dir, spec } = this.lab;
    writeFileSync(join(dir, "lab.json"), JSON.stringify(spec, null, 2), { mode: 0o600 });
  }
}
