import { InvocationDoesNotExist } from "@aws-sdk/client-ssm";
import type { Ec2Plan } from "../../../design/ec2/plan.ts";
import type { Cloud } from "../../../lab/cloud/cloud.ts";
import type { Instance } from "../../../lab/cloud/instances.ts";
import { plannedGroups } from "../../../rolling/awsGroups.ts";
import { awsWorld, type RollClients } from "../../../rolling/awsWorld.ts";
import type { RollWorld } from "../../../rolling/fleet.ts";
import { readTemplates } from "../../../templates/read.ts";

/** Systems Manager keeps this much of an answer. */
const answerLength = 24_000;
const scriptSeconds = 300;
const leaveSeconds = 300;
const targetGroup = "arn:aws:elasticloadbalancing:lab:targetgroup/api";

/** How a command of Systems Manager stands. */
interface Invocation {
  Status: "InProgress" | "Success" | "Failed";
  StandardOutputContent?: string;
  StandardErrorContent?: string;
}

/**
 * Auto scaling, balancer and Run Command as `quorum roll` asks them, of a lab's cloud: scripts run on
 * its machines, and a machine that is given back is replaced. Leaves out the services' own delays.
 */
export class RollingCloud {
  /** Ids of machines that were started from an older version of their launch template. */
  readonly outdated = new Set<string>();
  readonly #cloud: Cloud;
  readonly #plan: Ec2Plan;
  readonly #desired: Map<string, number>;
  readonly #commands = new Map<string, Invocation>();
  readonly #terminating = new Set<string>();
  /** Errors of replacements, which a roll would only see as machines that do not come. */
  readonly problems: unknown[] = [];

  constructor(cloud: Cloud, plan: Ec2Plan) {
    this.#cloud = cloud;
    this.#plan = plan;
    const count = (name: string) =>
      cloud.instances.filter(({ group }) => group.name === name).length;
    this.#desired = new Map(plannedGroups(plan).map(({ name }) => [name, count(name)]));
  }

  /** What a roll sees and does. */
  world(drainSeconds: number): RollWorld {
    const client = { send: async (command: object) => this.#answer(command) };
    return awsWorld({
      clients: { autoScaling: client, balancers: client, ssm: client } as unknown as RollClients,
      plan: this.#plan,
      templates: readTemplates(),
      drainSeconds,
      commandPollSeconds: 0.3,
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: each command has an input of its own.
  #answer(command: any): unknown {
    const { input } = command;
    switch (command.constructor.name) {
      case "DescribeAutoScalingGroupsCommand":
        return {
          AutoScalingGroups: input.AutoScalingGroupNames.map((one: string) => this.#group(one)),
        };
      case "TerminateInstanceInAutoScalingGroupCommand":
        return this.#terminate(this.#instance(input.InstanceId));
      case "DescribeTargetHealthCommand":
        return this.#targets();
      case "SendCommandCommand":
        return this.#send(this.#instance(input.InstanceIds[0]), input.Parameters.commands);
      case "GetCommandInvocationCommand":
        return this.#invocation(input.CommandId);
      default:
        throw new Error(`unexpected ${command.constructor.name}`);
    }
  }

  #instance(id: string): Instance {
    const found = this.#cloud.instances.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no machine ${id}`);
    return found;
  }

  #group(name: string): object {
    const template = (Version: string) => ({ LaunchTemplateId: `lt-${name}`, Version });
    const own = this.#cloud.instances.filter(({ group }) => group.name === name);
    const { region, accountId } = this.#plan;
    return {
      AutoScalingGroupName: name,
      AutoScalingGroupARN: `arn:aws:autoscaling:${region}:${accountId}:autoScalingGroup:lab`,
      DesiredCapacity: this.#desired.get(name),
      LaunchTemplate: template("2"),
      Instances: own.map(({ id }) => ({
        InstanceId: id,
        LifecycleState: this.#terminating.has(id) ? "Terminating:Wait" : "InService",
        LaunchTemplate: template(this.outdated.has(id) ? "1" : "2"),
      })),
      TargetGroupARNs: name.includes("-control-plane-") ? [targetGroup] : [],
    };
  }

  async #targets(): Promise<object> {
    const health = await this.#cloud.control.targets();
    const TargetHealthDescriptions = this.#cloud.ofRole("control-plane").map(({ id, address }) => ({
      Target: { Id: id },
      TargetHealth: { State: health[address] === true ? "healthy" : "unhealthy" },
    }));
    return { TargetHealthDescriptions };
  }

  /** Answers at once, as AWS does; a machine of etcd has no lifecycle hook. */
  #terminate(instance: Instance): object {
    this.#terminating.add(instance.id);
    const { group } = instance;
    const goes =
      group.role === "etcd"
        ? this.#cloud.terminate([instance])
        : this.#cloud.scaleIn(instance, leaveSeconds);
    goes.then(() => this.#cloud.launch([group.name])).catch((error) => this.problems.push(error));
    return {};
  }

  #send(instance: Instance, commands: string[]): object {
    const CommandId = `command-${this.#commands.size}`;
    this.#commands.set(CommandId, { Status: "InProgress" });
    const options = { mayFail: true, timeoutSeconds: scriptSeconds };
    this.#cloud
      .machine(instance)
      .exec(["sh", "-c", commands.join("\n")], options)
      .then(({ exitCode, stdout, stderr }) =>
        this.#commands.set(CommandId, {
          Status: exitCode === 0 ? "Success" : "Failed",
          StandardOutputContent: stdout.slice(0, answerLength),
          StandardErrorContent:
            exitCode === 0 ? stderr : `${stderr}\nfailed to run commands: exit status ${exitCode}`,
        }),
      )
      .catch((error) =>
        this.#commands.set(CommandId, { Status: "Failed", StandardErrorContent: `${error}` }),
      );
    return { Command: { CommandId } };
  }

  #invocation(id: string): Invocation {
    const found = this.#commands.get(id);
    if (found === undefined) throw new InvocationDoesNotExist({ message: "", $metadata: {} });
    return found;
  }
}
