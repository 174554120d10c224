import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HostImage } from "../hostImage.ts";
import type { Machine } from "../machine.ts";
import { ensureSshKey } from "../machineRoot.ts";
import { Lab, removeMachine, takeDown } from "../machines.ts";
import { machinePaths } from "../paths.ts";
import { inParallel, sleep } from "../process.ts";
import type { LabSpec } from "../spec.ts";
import type { CloudControl } from "./control.ts";
import { tendNodes } from "./controller.ts";
import { layCloudFiles } from "./machineFiles.ts";
import type { CloudGroup, CloudPlan } from "./plan.ts";
import { seed } from "./seed.ts";
import { startStandIn } from "./standIn.ts";
import { hideVolume, makeVolumeImage, showVolume } from "./volumes.ts";

/** A machine that the cloud has started. */
export interface Instance {
  /** EC2's, e.g. "i-0123456789abcdef0". */
  id: string;
  /** Of the lab's machine. */
  name: string;
  group: CloudGroup;
  address: string;
}

interface Attachment {
  volumeId: string;
  instanceId: string;
}

/** AWS keeps the first four addresses of a subnet; the first is this computer's here. */
const gatewayNumber = 2;
const balancerNumber = 3;
const firstMachineNumber = 10;
const lookMilliseconds = 500;
const tendMilliseconds = 2000;
const widthOfLaunch = 4;

function addressIn(cidr: string, number: number): string {
  return cidr.replace(/\.(\d+)\/\d+$/, (_, last: string) => `.${Number(last) + number}`);
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
  readonly instances: Instance[] = [];
  readonly #image: HostImage;
  #control: CloudControl | undefined;
  #authority = "";
  #started = 0;
  #watching: Promise<void>[] = [];
  #stopped = false;
  #subnets = new Map<string, string>();
  /** Ids of interfaces by their fixed address. */
  readonly #interfaces = new Map<string, string>();
  /** Volumes and the boots (by their first process) that have seen their device. */
  readonly #shown = new Set<string>();

  constructor(name: string, plan: CloudPlan, image: HostImage) {
    this.name = name;
    this.plan = plan;
    this.#image = image;
  }

  get control(): CloudControl {
    if (this.#control === undefined) throw new Error("the cloud is not up");
    return this.#control;
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

  get #volumeDir(): string {
    return join(this.lab.dir, "volumes");
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
    const standIn = await startStandIn(lab, this.plan);
    this.#control = standIn.control;
    this.#authority = standIn.authority;
    this.#subnets = await seed(this.control, this.plan);
    for (const volume of this.plan.volumes) await this.replaceVolume(volume.parameter);
    this.#watching = [
      this.#repeat(lookMilliseconds, () => this.#showDevices()),
      this.#repeat(tendMilliseconds, () => this.#tend()),
    ];
  }

  /** A new, empty volume under a parameter, in place of any that was there. @returns its id. */
  async replaceVolume(parameter: string): Promise<string> {
    const volume = this.plan.volumes.find((one) => one.parameter === parameter);
    if (volume === undefined) throw new Error(`the plan has no volume ${parameter}`);
    const { VolumeId } = await this.control.aws<{ VolumeId: string }>("ec2", "create_volume", {
      AvailabilityZone: volume.zone,
      Size: 1,
      TagSpecifications: tagged("volume", volume.tags),
    });
    await makeVolumeImage(this.#volumeDir, VolumeId);
    await this.putParameter(parameter, VolumeId);
    return VolumeId;
  }

  /** File behind a volume. */
  volumeFile(volumeId: string): string {
    return join(this.#volumeDir, `${volumeId}.img`);
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
    for (const name of groups) made.push(await this.#register(name));
    await this.#tellMachines();
    this.#writeSpec();
    await inParallel(made, widthOfLaunch, async (instance) => {
      await layCloudFiles(machinePaths(this.name, instance.name), this.#authority);
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
    const attached = (await this.#attachments()).filter(({ instanceId }) => gone.has(instanceId));
    await Promise.all(instances.map((instance) => this.machine(instance).powerOff()));
    const { record } = this.lab;
    for (const { volumeId, instanceId } of attached) {
      const attachment = { VolumeId: volumeId, InstanceId: instanceId };
      await this.control.aws("ec2", "detach_volume", attachment);
      await hideVolume(this.#volumeDir, volumeId);
    }
    await this.control.aws("ec2", "terminate_instances", { InstanceIds: [...gone] });
    for (const { name } of instances) await removeMachine(this.name, name, record);
    this.instances.splice(
      0,
      this.instances.length,
      ...this.instances.filter(({ id }) => !gone.has(id)),
    );
    this.#writeSpec();
    await this.#tellMachines();
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

  async #register(groupName: string): Promise<Instance> {
    const group = this.plan.groups.find(({ name }) => name === groupName);
    if (group === undefined) throw new Error(`the plan has no group ${groupName}`);
    this.#started += 1;
    const address = group.address ?? addressIn(group.subnet, firstMachineNumber + this.#started);
    const name = `${group.role}-${group.zone.slice(-1)}-${this.#started}`;
    const { Instances } = await this.control.aws<{ Instances: { InstanceId: string }[] }>(
      "ec2",
      "run_instances",
      {
        ImageId: "ami-00000000000000000",
        MinCount: 1,
        MaxCount: 1,
        ...(await this.#placement(group, address)),
        TagSpecifications: tagged("instance", group.tags),
      },
    );
    const instance = { id: Instances[0]?.InstanceId ?? "", name, group, address };
    this.instances.push(instance);
    return instance;
  }

  /** A fixed address is that of an interface which outlives its machines, as in the launch template. */
  async #placement(group: CloudGroup, address: string): Promise<object> {
    const place = { SubnetId: this.#subnets.get(group.subnet), PrivateIpAddress: address };
    if (group.address === undefined) return place;
    let id = this.#interfaces.get(address);
    if (id === undefined) {
      const { NetworkInterface } = await this.control.aws<{
        NetworkInterface: { NetworkInterfaceId: string };
      }>("ec2", "create_network_interface", place);
      id = NetworkInterface.NetworkInterfaceId;
      this.#interfaces.set(address, id);
    }
    return { NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: id }] };
  }

  /** The metadata service and the balancer learn which machines there are. */
  async #tellMachines(): Promise<void> {
    const { region, accountId } = this.plan;
    const facts = this.instances.map((instance) => [
      instance.address,
      {
        instanceId: instance.id,
        zone: instance.group.zone,
        region,
        account: accountId,
        role: instance.group.role,
        group: instance.group.name,
        userData: instance.group.userData,
        hardwareAddress: hardwareAddress(instance.address),
        cidr: instance.group.subnet,
      },
    ]);
    await this.control.setMachines(Object.fromEntries(facts));
    await this.control.setTargets(this.ofRole("control-plane").map(({ address }) => address));
  }

  /** Of data volumes; moto gives each machine a root volume as well. */
  async #attachments(): Promise<Attachment[]> {
    const { Volumes } = await this.control.aws<{
      Volumes: { VolumeId: string; Attachments: { InstanceId: string }[] }[];
    }>("ec2", "describe_volumes");
    const data = Volumes.filter(({ VolumeId }) => existsSync(this.volumeFile(VolumeId)));
    return data.flatMap(({ VolumeId: volumeId, Attachments }) =>
      Attachments.map(({ InstanceId: instanceId }) => ({ volumeId, instanceId })),
    );
  }

  async #showDevices(): Promise<void> {
    if (this.holdDevices) return;
    for (const { volumeId, instanceId } of await this.#attachments()) {
      const instance = this.instances.find(({ id }) => id === instanceId);
      if (instance === undefined) continue;
      const machine = this.machine(instance);
      const leader = machine.leader();
      const place = `${volumeId} ${leader}`;
      if (leader === undefined || this.#shown.has(place)) continue;
      await showVolume(machine, this.#volumeDir, volumeId);
      this.#shown.add(place);
    }
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

function tagged(resource: string, tags: Record<string, string>): object[] {
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return [{ ResourceType: resource, Tags: list }];
}

/** As locally administered, and one for each address. */
function hardwareAddress(address: string): string {
  const octets = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return ["06", "00", ...octets].join(":");
}
