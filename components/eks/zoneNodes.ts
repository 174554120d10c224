import { Tag } from "@pulumi/aws/autoscaling/tag.js";
import type { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate.js";
import { NodeGroup } from "@pulumi/aws/eks/nodeGroup.js";
import * as pulumi from "@pulumi/pulumi";
import type { TaintConfig } from "../../config/schema.ts";
import { autoscalerPrefix, type NodeGroupPlan, type PoolPlan } from "../../design/pools.ts";

export interface ZoneNodesArgs {
  plan: NodeGroupPlan;
  pool: PoolPlan;
  clusterName: string;
  version: string;
  subnetId: pulumi.Input<string>;
  nodeRoleArn: pulumi.Input<string>;
  template: LaunchTemplate;
  /** What nodes need to become ready; it outlives them on the way down. */
  after: pulumi.Resource[];
}

const taintEffects: Record<TaintConfig["effect"], string> = {
  NoSchedule: "NO_SCHEDULE",
  PreferNoSchedule: "PREFER_NO_SCHEDULE",
  NoExecute: "NO_EXECUTE",
};

/** A pool's nodes in one zone: replaced one at a time, repaired when sick, scaled by the autoscaler. */
export class ZoneNodes extends pulumi.ComponentResource {
  constructor(name: string, args: ZoneNodesArgs, opts?: pulumi.ComponentResourceOptions) {
    const { plan, pool } = args;
    super(
      "quorum:eks:ZoneNodes",
      name,
      {
        pool: pool.name,
        zone: plan.zone,
        minNodes: plan.minNodes,
        desiredNodes: plan.desiredNodes,
        maxNodes: plan.maxNodes,
      },
      opts,
    );
    const group = new NodeGroup(name, groupInputs(args), {
      parent: this,
      dependsOn: args.after,
      // From here on the number is the autoscaler's.
      ignoreChanges: ["scalingConfig.desiredSize"],
    });
    const scalingGroup = group.resources.apply(
      (resources) => resources[0]?.autoscalingGroups?.[0]?.name ?? "",
    );
    for (const [key, value] of Object.entries(plan.autoscalerTags))
      new Tag(
        `${name}-${key.replace(autoscalerPrefix, "")}`,
        { autoscalingGroupName: scalingGroup, tag: { key, value, propagateAtLaunch: false } },
        { parent: this },
      );
    this.registerOutputs({ nodeGroupName: group.nodeGroupName });
  }
}

function groupInputs(args: ZoneNodesArgs): ConstructorParameters<typeof NodeGroup>[1] {
  const { plan, pool, template } = args;
  return {
    clusterName: args.clusterName,
    version: args.version,
    nodeRoleArn: args.nodeRoleArn,
    subnetIds: [args.subnetId],
    amiType: pool.amiType,
    capacityType: pool.capacityType,
    instanceTypes: pool.instanceTypes,
    scalingConfig: {
      minSize: plan.minNodes,
      desiredSize: plan.desiredNodes,
      maxSize: plan.maxNodes,
    },
    updateConfig: { maxUnavailable: 1 },
    nodeRepairConfig: { enabled: true },
    labels: plan.labels,
    taints: plan.taints.map(({ key, value, effect }) => ({
      key,
      value,
      effect: taintEffects[effect],
    })),
    launchTemplate: {
      id: template.id,
      version: template.latestVersion.apply((version) => `${version}`),
    },
  };
}
