import {
  type AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  type LaunchTemplateSpecification,
} from "@aws-sdk/client-auto-scaling";
import type { Ec2Role } from "../design/ec2/names.ts";
import type { Ec2Plan } from "../design/ec2/plan.ts";
import type { FleetGroup } from "./fleet.ts";

/** A group as the plan has it. */
export interface PlannedGroup {
  name: string;
  role: Ec2Role;
  zone: string;
  /** Last part of the parameter in which its machine says how it is. */
  place: string;
}

/** A group as it stands, and the balancer's target groups that it belongs to. */
export interface AwsGroup extends FleetGroup {
  targetGroupArns: string[];
}

/** Names that one request may carry. */
const namesAtOnce = 50;

export function plannedGroups(plan: Ec2Plan): PlannedGroup[] {
  const zones = [
    ...plan.etcd.members.map(({ zone, group }) => ({ zone, group })),
    ...plan.controlPlanes.map(({ zone, group }) => ({ zone, group })),
    ...plan.pools.flatMap((pool) => pool.groups.map(({ zone, group }) => ({ zone, group }))),
  ];
  return zones.map(({ zone, group: { name, role, place } }) => ({ name, role, zone, place }));
}

/**
 * The plan's groups as AWS has them.
 * @throws Error when one is missing, or belongs to another account than the stack's.
 */
export async function describeGroups(
  client: AutoScalingClient,
  planned: readonly PlannedGroup[],
  accountId: string,
): Promise<AwsGroup[]> {
  const found = new Map<string, AutoScalingGroup>();
  for (let from = 0; from < planned.length; from += namesAtOnce) {
    const AutoScalingGroupNames = planned.slice(from, from + namesAtOnce).map(({ name }) => name);
    const { AutoScalingGroups = [] } = await client.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames, MaxRecords: namesAtOnce }),
    );
    for (const group of AutoScalingGroups) found.set(group.AutoScalingGroupName ?? "", group);
  }
  const missing = planned.filter(({ name }) => !found.has(name)).map(({ name }) => name);
  if (missing.length > 0)
    throw new Error(
      `these groups of the stack do not exist: ${missing.join(", ")}. Run "quorum up" first; or is this the wrong account or region?`,
    );
  return planned.map((plan) => groupOf(plan, found.get(plan.name) as AutoScalingGroup, accountId));
}

function groupOf(plan: PlannedGroup, group: AutoScalingGroup, accountId: string): AwsGroup {
  const account = group.AutoScalingGroupARN?.split(":")[4];
  if (account !== accountId)
    throw new Error(
      `${plan.name} belongs to account ${account}, the stack to ${accountId}: check your credentials`,
    );
  const version = versionOf(
    group.LaunchTemplate ?? group.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification,
  );
  if (version === undefined || !/ \d+$/.test(version))
    throw new Error(`${plan.name} names no exact version of its launch template: run "quorum up"`);
  return {
    name: plan.name,
    role: plan.role,
    zone: plan.zone,
    version,
    desired: group.DesiredCapacity ?? 0,
    machines: (group.Instances ?? []).map((one) => ({
      id: one.InstanceId ?? "",
      version: versionOf(one.LaunchTemplate),
      lifecycle: one.LifecycleState ?? "unknown",
    })),
    suspended: (group.SuspendedProcesses ?? []).map(({ ProcessName }) => ProcessName ?? ""),
    targetGroupArns: group.TargetGroupARNs ?? [],
  };
}

function versionOf(template: LaunchTemplateSpecification | undefined): string | undefined {
  if (template?.LaunchTemplateId === undefined) return undefined;
  return `${template.LaunchTemplateId} version ${template.Version}`;
}
