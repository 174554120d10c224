import { gzipSync } from "node:zlib";
import { InvocationDoesNotExist } from "@aws-sdk/client-ssm";
import type { Ec2Role } from "../../design/ec2/names.ts";
import type { Ec2Plan } from "../../design/ec2/plan.ts";
import type { Templates } from "../../design/render/template.ts";
import type { RollClients } from "../../rolling/awsWorld.ts";
import type { RollClock } from "../../rolling/roll.ts";

interface Machine {
  id: string;
  version: number;
  lifecycle: string;
  /** When it came into its lifecycle state. */
  since: number;
  /** Taken out of service by a drain. */
  drained: boolean;
}

interface Group {
  name: string;
  role: Ec2Role;
  address: string;
  version: number;
  desired: number;
  machines: Machine[];
  suspended: string[];
}

/** Seconds that things take. */
const takes = { hook: 60, shutdown: 20, start: 30, boot: 90 };
const learnerSeconds = 30;

/**
 * AWS and the cluster on it as far as a roll sees them: groups bring the next machine when the old one
 * is gone, machines boot, members catch up, targets become healthy. Time passes only as the roll sleeps.
 */
export class FakeAws {
  readonly groups = new Map<string, Group>();
  /** Terminations, each with the places that were not well at that moment. */
  readonly terminations: { machine: string; group: string; role: Ec2Role; unwell: string[] }[] = [];
  readonly drained: string[] = [];
  /** Most places that were unwell at once. */
  mostUnwell = 0;
  /** Groups whose next machines never come up. */
  readonly broken = new Set<string>();
  /** Machines that stand still while they seem to be in service. */
  readonly sick = new Set<string>();
  /** Machines whose pods may not be moved. */
  readonly budgeted = new Set<string>();
  /** Called before each termination; may throw, as a process that is killed does. */
  beforeTermination: () => void = () => {};
  now = 0;
  private readonly plan: Ec2Plan;
  private readonly templates: Templates;
  private readonly commands = new Map<string, { text: string } | { error: string }>();
  private made = 0;

  constructor(plan: Ec2Plan, templates: Templates) {
    this.plan = plan;
    this.templates = templates;
    const add = (name: string, role: Ec2Role, desired: number, address = "") => {
      const machines = Array.from({ length: desired }, () => this.machine(1, -1000));
      this.groups.set(name, { name, role, address, version: 1, desired, machines, suspended: [] });
    };
    for (const { group, address } of plan.etcd.members) add(group.name, "etcd", 1, address);
    for (const { group } of plan.controlPlanes) add(group.name, "control-plane", 1);
    for (const pool of plan.pools)
      for (const { group, desiredNodes } of pool.groups) add(group.name, "worker", desiredNodes);
  }

  group(name: string): Group {
    const found = this.groups.get(name);
    if (found === undefined) throw new Error(`no group ${name}`);
    return found;
  }

  /** A new version of every launch template: what `up` does. */
  newVersion(): void {
    for (const group of this.groups.values()) group.version += 1;
  }

  readonly clock: RollClock = {
    now: () => this.now,
    sleep: async (seconds) => {
      for (let passed = 0; passed < seconds; passed += 1) {
        this.now += 1;
        this.pass();
      }
    },
  };

  get clients(): RollClients {
    const client = { send: async (command: object) => this.answer(command) };
    return { autoScaling: client, balancers: client, ssm: client } as unknown as RollClients;
  }

  private machine(version: number, since: number, lifecycle = "InService"): Machine {
    this.made += 1;
    const id = `i-${this.made.toString(16).padStart(17, "0")}`;
    return { id, version, lifecycle, since, drained: false };
  }

  private pass(): void {
    for (const group of this.groups.values()) {
      for (const machine of group.machines) this.age(group, machine);
      group.machines = group.machines.filter(({ lifecycle }) => lifecycle !== "Terminated");
      // The interface, or the place, must be free first.
      if (group.machines.length < group.desired && !group.suspended.includes("Launch"))
        group.machines.push(this.machine(group.version, this.now, "Pending"));
    }
    this.mostUnwell = Math.max(this.mostUnwell, this.unwell().length);
  }

  private age(group: Group, machine: Machine): void {
    const waited = this.now - machine.since;
    const become = (lifecycle: string): void => {
      machine.lifecycle = lifecycle;
      machine.since = this.now;
    };
    if (machine.lifecycle === "Pending" && waited >= takes.start) become("InService");
    const after = group.role === "etcd" ? 0 : takes.hook;
    if (machine.lifecycle === "Terminating:Wait" && waited >= after) become("Terminating");
    if (machine.lifecycle === "Terminating" && waited >= takes.shutdown) become("Terminated");
  }

  private isUp(group: Group, machine: Machine): boolean {
    if (machine.lifecycle !== "InService" || this.sick.has(machine.id)) return false;
    if (this.broken.has(group.name) && machine.version > 1) return false;
    return this.now - machine.since >= takes.boot;
  }

  private unwell(): string[] {
    return [...this.groups.values()].flatMap((group) => {
      const well = group.machines.filter((machine) => this.isUp(group, machine)).length;
      return well < group.desired ? [group.name] : [];
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: each command has an input of its own.
  private answer(command: any): unknown {
    const { input } = command;
    switch (command.constructor.name) {
      case "DescribeAutoScalingGroupsCommand":
        return this.describe(input.AutoScalingGroupNames);
      case "TerminateInstanceInAutoScalingGroupCommand":
        return this.terminate(input.InstanceId);
      case "DescribeTargetHealthCommand":
        return { TargetHealthDescriptions: this.targets() };
      case "SendCommandCommand":
        return {
          Command: { CommandId: this.send(input.InstanceIds[0], input.Parameters.commands[0]) },
        };
      case "GetCommandInvocationCommand":
        return this.invocation(input.CommandId);
      case "GetParameterCommand":
        return { Parameter: { Value: `waiting volume: ${input.Name} says so` } };
      default:
        throw new Error(`unexpected ${command.constructor.name}`);
    }
  }

  private describe(names: string[]) {
    const template = (group: Group, version: number) => ({
      LaunchTemplateId: `lt-${group.name}`,
      Version: `${version}`,
    });
    return {
      AutoScalingGroups: names
        .flatMap((name) => this.groups.get(name) ?? [])
        .map((group) => ({
          AutoScalingGroupName: group.name,
          AutoScalingGroupARN: `arn:aws:autoscaling:${this.plan.region}:${this.plan.accountId}:autoScalingGroup:x`,
          DesiredCapacity: group.desired,
          ...(group.role === "worker"
            ? {
                MixedInstancesPolicy: {
                  LaunchTemplate: { LaunchTemplateSpecification: template(group, group.version) },
                },
              }
            : { LaunchTemplate: template(group, group.version) }),
          Instances: group.machines.map(({ id, version, lifecycle }) => ({
            InstanceId: id,
            LifecycleState: lifecycle,
            LaunchTemplate: template(group, version),
          })),
          SuspendedProcesses: group.suspended.map((ProcessName) => ({ ProcessName })),
          TargetGroupARNs: group.role === "control-plane" ? ["arn:targets"] : [],
        })),
    };
  }

  private terminate(id: string) {
    this.beforeTermination();
    const [group, machine] = this.find(id);
    this.terminations.push({
      machine: id,
      group: group.name,
      role: group.role,
      unwell: this.unwell(),
    });
    machine.lifecycle = "Terminating:Wait";
    machine.since = this.now;
    return {};
  }

  private find(id: string): [Group, Machine] {
    for (const group of this.groups.values())
      for (const machine of group.machines) if (machine.id === id) return [group, machine];
    throw new Error(`no machine ${id}`);
  }

  private targets() {
    return this.having("control-plane").map(({ group, machine }) => ({
      Target: { Id: machine.id },
      TargetHealth: { State: this.isUp(group, machine) ? "healthy" : "initial" },
    }));
  }

  private having(role: Ec2Role): { group: Group; machine: Machine }[] {
    return [...this.groups.values()]
      .filter((group) => group.role === role)
      .flatMap((group) => group.machines.map((machine) => ({ group, machine })));
  }

  private send(id: string, command: string): string {
    const [group, machine] = this.find(id);
    const key = `command-${this.commands.size}`;
    const says = (template: string) =>
      command.includes(this.templates.get(template)?.split("\n")[1] ?? "");
    if (!this.isUp(group, machine)) throw new Error("InvalidInstanceId");
    if (says("roll/health.sh")) this.commands.set(key, { text: this.health(group, machine) });
    else if (says("roll/drainNode.sh"))
      this.commands.set(key, this.drain(/NODE=(i-[0-9a-f]+)/.exec(command)?.[1] ?? ""));
    else throw new Error("unexpected script");
    return key;
  }

  private readonly asked = new Set<string>();

  private invocation(id: string) {
    // Systems Manager does not know of a command at once.
    if (!this.asked.has(id)) {
      this.asked.add(id);
      throw new InvocationDoesNotExist({ message: "", $metadata: {} });
    }
    const result = this.commands.get(id) ?? { error: "no such command" };
    return "text" in result
      ? { Status: "Success", StandardOutputContent: result.text }
      : {
          Status: "Failed",
          StandardErrorContent: `${result.error}\nfailed to run commands: exit status 1`,
        };
  }

  private drain(id: string): { text: string } | { error: string } {
    if (this.budgeted.has(id))
      return { error: "not drained within 600 s, it takes pods again: budget" };
    this.find(id)[1].drained = true;
    this.drained.push(id);
    return { text: "" };
  }

  private health(group: Group, machine: Machine): string {
    const members = this.having("etcd");
    const up = members.filter((one) => this.isUp(one.group, one.machine));
    const leader = up.find((one) => one.group.name.endsWith("a")) ?? up[0];
    // Beyond what a number can hold, as etcd's ids are.
    const idOf = (address: string) => `1587539193585229${address.replaceAll(".", "").slice(-4)}`;
    const status = up.map(({ group: { address }, machine: one }) => {
      const learner = this.now - one.since < takes.boot + learnerSeconds && one.version > 1;
      const leads = leader === undefined ? "" : `"leader":${idOf(leader.group.address)},`;
      return `{"Endpoint":"https://${address}:2379","Status":{"header":{"member_id":${idOf(address)}},${leads}"raftAppliedIndex":5000${learner ? ',"isLearner":true' : ""}}}`;
    });
    const health = this.plan.etcd.members.map(({ address }) => ({
      endpoint: `https://${address}:2379`,
      health: up.some((one) => one.group.address === address),
      error: "context deadline exceeded",
    }));
    const nodes = [...this.having("control-plane"), ...this.having("worker")].map((one) => {
      const ready = one.machine.lifecycle !== "Pending" && this.isUp(one.group, one.machine);
      return `${one.machine.id} ${ready ? "True" : "False"}`;
    });
    return [
      `readyz ${this.isUp(group, machine) ? "ok" : "no"}`,
      `health ${JSON.stringify(health)}`,
      `status [${status.join(",")}]`,
      `nodes ${gzipSync(nodes.join("\n")).toString("base64")}`,
    ].join("\n");
  }
}
