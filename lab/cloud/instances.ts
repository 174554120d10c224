import type { CloudControl, MachineFacts } from "./control.ts";
import type { CloudGroup, CloudPlan } from "./plan.ts";
import { tagged } from "./tags.ts";

/** A machine that the cloud has started. */
export interface Instance {
  /** EC2's, e.g. "i-0123456789abcdef0". */
  id: string;
  /** Of the lab's machine. */
  name: string;
  group: CloudGroup;
  address: string;
}

const firstMachineNumber = 10;

/** The address of this number in a range. */
export function addressIn(cidr: string, number: number): string {
  return cidr.replace(/\.(\d+)\/\d+$/, (_, last: string) => `.${Number(last) + number}`);
}

/** Instances as EC2 knows them: asked for by group, forgotten when they are terminated. */
export class Instances {
  /** In the order of their start. */
  readonly running: Instance[] = [];
  readonly #plan: CloudPlan;
  readonly #control: CloudControl;
  /** Ids of subnets by their range. */
  readonly #subnets: ReadonlyMap<string, string>;
  /** Ids of interfaces by their fixed address. */
  readonly #interfaces = new Map<string, string>();
  /** Ids of those that auto scaling is about to take away. */
  readonly #leaving = new Set<string>();
  #started = 0;

  constructor(plan: CloudPlan, control: CloudControl, subnets: ReadonlyMap<string, string>) {
    this.#plan = plan;
    this.#control = control;
    this.#subnets = subnets;
  }

  /** One more instance of a group. Errors: the plan has no such group. */
  async add(groupName: string): Promise<Instance> {
    const group = this.#plan.groups.find(({ name }) => name === groupName);
    if (group === undefined) throw new Error(`the plan has no group ${groupName}`);
    this.#started += 1;
    const address = group.address ?? addressIn(group.subnet, firstMachineNumber + this.#started);
    const name = `${group.role}-${group.zone.slice(-1)}-${this.#started}`;
    const { Instances: made } = await this.#control.aws<{ Instances: { InstanceId: string }[] }>(
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
    const instance = { id: made[0]?.InstanceId ?? "", name, group, address };
    this.running.push(instance);
    return instance;
  }

  /** EC2 forgets these. */
  async remove(ids: ReadonlySet<string>): Promise<void> {
    await this.#control.aws("ec2", "terminate_instances", { InstanceIds: [...ids] });
    const left = this.running.filter(({ id }) => !ids.has(id));
    this.running.splice(0, this.running.length, ...left);
  }

  /** Auto scaling's word that this one is to go, as the metadata service passes it on. */
  async askToGo({ id }: Instance): Promise<void> {
    this.#leaving.add(id);
    await this.tell();
  }

  /** The metadata service and the balancer learn which machines there are. */
  async tell(): Promise<void> {
    const facts = this.running.map((one): [string, MachineFacts] => [
      one.address,
      this.#facts(one),
    ]);
    await this.#control.setMachines(Object.fromEntries(facts));
    const targets = this.running.filter(
      ({ id, group }) => group.role === "control-plane" && !this.#leaving.has(id),
    );
    await this.#control.setTargets(targets.map(({ address }) => address));
  }

  #facts({ id: instanceId, address, group }: Instance): MachineFacts {
    const { region, accountId: account } = this.#plan;
    return {
      instanceId,
      zone: group.zone,
      region,
      account,
      role: group.role,
      group: group.name,
      userData: group.userData,
      hardwareAddress: hardwareAddress(address),
      cidr: group.subnet,
      ...(this.#leaving.has(instanceId) ? { lifecycleState: "Terminated" } : {}),
    };
  }

  /** A fixed address is that of an interface which outlives its machines, as in the launch template. */
  async #placement(group: CloudGroup, address: string): Promise<object> {
    const place = { SubnetId: this.#subnets.get(group.subnet), PrivateIpAddress: address };
    if (group.address === undefined) return place;
    let id = this.#interfaces.get(address);
    if (id === undefined) {
      const { NetworkInterface } = await this.#control.aws<{
        NetworkInterface: { NetworkInterfaceId: string };
      }>("ec2", "create_network_interface", place);
      id = NetworkInterface.NetworkInterfaceId;
      this.#interfaces.set(address, id);
    }
    return { NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: id }] };
  }
}

/** As locally administered, and one for each address. */
function hardwareAddress(address: string): string {
  const octets = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return ["06", "00", ...octets].join(":");
}
