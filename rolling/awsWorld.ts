import {
  type AutoScalingClient,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { parameterPaths } from "../design/ec2/names.ts";
import type { Ec2Plan } from "../design/ec2/plan.ts";
import { type Templates, text } from "../design/render/template.ts";
import { overSsm } from "../recovery/ssmMachine.ts";
import { type AwsGroup, describeGroups, plannedGroups } from "./awsGroups.ts";
import type { Finding, FleetGroup, Health, RollWorld } from "./fleet.ts";
import { type Answer, judge } from "./health.ts";

/** The three services that a roll talks to. */
export interface RollClients {
  autoScaling: AutoScalingClient;
  balancers: ElasticLoadBalancingV2Client;
  ssm: SSMClient;
}

export interface AwsWorldOptions {
  clients: RollClients;
  plan: Ec2Plan;
  templates: Templates;
  /** Time in which a node's pods must have found another place. */
  drainSeconds: number;
  /** Between two looks at a command. Default 2. */
  commandPollSeconds?: number;
  signal?: AbortSignal;
}

/**
 * A cluster on EC2 as an operator with AWS credentials sees it: groups by auto scaling, targets by the
 * balancer, API servers, etcd and nodes by a script on the control planes.
 */
export function awsWorld(options: AwsWorldOptions): RollWorld {
  const { clients, plan, templates } = options;
  const planned = plannedGroups(plan);
  const members = plan.etcd.members.map(({ name, address, group }) => ({
    name,
    address,
    group: group.name,
  }));
  const ask = (machine: string, script: string, env: Record<string, string | number> = {}) =>
    overSsm(clients.ssm, {
      name: machine,
      instanceId: machine,
      address: "",
      ...(options.commandPollSeconds === undefined
        ? {}
        : { pollSeconds: options.commandPollSeconds }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }).run(text(templates, script), { env });
  return {
    groups: () => describeGroups(clients.autoScaling, planned, plan.accountId),
    async health(groups) {
      const answers = await Promise.all(
        controlPlanes(groups).map(async ({ machine, group }): Promise<Answer> => {
          try {
            return { machine, group, text: await ask(machine, "roll/health.sh") };
          } catch (error) {
            return { machine, group, error: (error as Error).message };
          }
        }),
      );
      const judged = judge(answers, members, groups);
      const targets = await targetFindings(clients.balancers, groups as readonly AwsGroup[]);
      return { ...judged, findings: [...judged.findings, ...targets] } satisfies Health;
    },
    async drain(machine, groups) {
      const env = { NODE: machine, SECONDS_ALLOWED: options.drainSeconds };
      const [first] = controlPlanes(groups);
      if (first === undefined) throw new Error("no control plane is in service");
      await ask(first.machine, "roll/drainNode.sh", env);
    },
    async terminate(machine) {
      await clients.autoScaling.send(
        new TerminateInstanceInAutoScalingGroupCommand({
          InstanceId: machine,
          ShouldDecrementDesiredCapacity: false,
        }),
      );
    },
    async lastWords({ name }) {
      const { role, place } = planned.find((one) => one.name === name) ?? {};
      if (role === undefined || place === undefined) return undefined;
      const parameter = `${plan.names.parameters}/${parameterPaths.state(role, place)}`;
      const found = await clients.ssm.send(new GetParameterCommand({ Name: parameter }));
      return found.Parameter?.Value;
    },
  };
}

function controlPlanes(groups: readonly FleetGroup[]): { machine: string; group: string }[] {
  return groups
    .filter(({ role }) => role === "control-plane")
    .flatMap(({ name, machines }) =>
      machines
        .filter(({ lifecycle }) => lifecycle === "InService")
        .map(({ id }) => ({ machine: id, group: name })),
    );
}

/** A server that the balancer does not use yet is no replacement for the next one. */
async function targetFindings(
  client: ElasticLoadBalancingV2Client,
  groups: readonly AwsGroup[],
): Promise<Finding[]> {
  const behind = groups.filter(({ targetGroupArns }) => targetGroupArns.length > 0);
  const arns = [...new Set(behind.flatMap(({ targetGroupArns }) => targetGroupArns))];
  const states = new Map<string, string>();
  for (const TargetGroupArn of arns) {
    const { TargetHealthDescriptions = [] } = await client.send(
      new DescribeTargetHealthCommand({ TargetGroupArn }),
    );
    for (const { Target, TargetHealth } of TargetHealthDescriptions)
      states.set(Target?.Id ?? "", TargetHealth?.State ?? "unknown");
  }
  return behind.flatMap(({ name, machines }) =>
    machines
      .filter(({ id, lifecycle }) => lifecycle === "InService" && states.get(id) !== "healthy")
      .map(
        ({ id }): Finding => ({
          about: id,
          group: name,
          what: `is not healthy at the balancer (${states.get(id) ?? "not registered"})`,
        }),
      ),
  );
}
