import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Group, type GroupArgs } from "@pulumi/aws/autoscaling/group.js";
import { LifecycleHook } from "@pulumi/aws/autoscaling/lifecycleHook.js";
import { LaunchTemplate, type LaunchTemplateArgs } from "@pulumi/aws/ec2/launchTemplate.js";
import * as pulumi from "@pulumi/pulumi";
import {
  type MachineGroupPlan,
  terminationHeartbeatSeconds,
} from "../../design/ec2/machineGroup.ts";
import { tagKeys } from "../../design/ec2/names.ts";
import type { Ec2Plan } from "../../design/ec2/plan.ts";
import { renderUserData, terminationHook } from "../../design/ec2/userData.ts";
import { renderBundle } from "../../design/render/bundle.ts";
import type { Templates } from "../../design/render/template.ts";
import type { MachineFiles } from "./machineFiles.ts";
import type { MachineImages } from "./machineImages.ts";
import type { MachineRole } from "./machineRole.ts";

/** What every group of the cluster is made with. */
export interface GroupContext {
  plan: Ec2Plan;
  templates: Templates;
  images: MachineImages;
  files: MachineFiles;
  roles: Record<MachineGroupPlan["role"], MachineRole>;
}

export interface MachineGroupArgs {
  context: GroupContext;
  group: MachineGroupPlan;
  /** Where its machines stand in the network. */
  network: Pick<LaunchTemplateArgs, "networkInterfaces" | "vpcSecurityGroupIds">;
  scaling: Omit<GroupArgs, "launchTemplate" | "name" | "tags">;
  /** Tags of the group besides the cluster's; they do not reach its machines. */
  tags?: Record<string, string>;
  /** Set for what stands on more than one type or price. */
  mixed?: { instanceTypes: string[]; capacity: "on-demand" | "spot" };
  ignoreChanges?: string[];
}

/**
 * An auto-scaling group and its launch template. A new version of the template replaces nothing: only
 * machines that are started later, or rolled, have it. Health is EC2's alone: a balancer's word would
 * have all control planes terminated during an outage of etcd.
 */
export class MachineGroup extends pulumi.ComponentResource {
  constructor(name: string, args: MachineGroupArgs, opts?: pulumi.ComponentResourceOptions) {
    const { context, group, mixed } = args;
    super("quorum:ec2:MachineGroup", name, { role: group.role, group: group.name }, opts);
    const role = context.roles[group.role];
    const template = this.launchTemplate(name, args, role);
    const version = template.latestVersion.apply((latest) => `${latest}`);
    const reference = { id: template.id, version };
    const tags = {
      ...context.plan.tags,
      [tagKeys.role]: group.role,
      Name: group.name,
      ...args.tags,
    };
    const scalingGroup = new Group(
      name,
      {
        name: group.name,
        ...args.scaling,
        ...(mixed === undefined ? { launchTemplate: reference } : spread(mixed, reference)),
        healthCheckType: "EC2",
        defaultInstanceWarmup: 60,
        // Machines come up by themselves; `up` has no part in it.
        waitForCapacityTimeout: "0",
        tags: Object.entries(tags).map(([key, value]) => ({
          key,
          value,
          propagateAtLaunch: false,
        })),
      },
      {
        parent: this,
        // The name is fixed, and so is the member's network interface.
        deleteBeforeReplace: true,
        dependsOn: role.ready,
        ignoreChanges: args.ignoreChanges ?? [],
      },
    );
    if (group.role !== "etcd")
      new LifecycleHook(
        name,
        {
          name: terminationHook,
          autoscalingGroupName: scalingGroup.name,
          lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
          heartbeatTimeout: terminationHeartbeatSeconds,
          defaultResult: "CONTINUE",
        },
        { parent: this },
      );
    this.registerOutputs({});
  }

  private launchTemplate(
    name: string,
    { context, group, network }: MachineGroupArgs,
    role: MachineRole,
  ): LaunchTemplate {
    const { plan, images, templates, files } = context;
    // Default tags reach neither machines nor volumes that a template starts.
    const tags = { ...plan.tags, [tagKeys.role]: group.role, Name: group.name };
    const bundle = renderBundle(templates, group.files);
    const digest = createHash("sha256").update(bundle).digest("hex");
    files.add(group.role, digest, bundle);
    const userData = renderUserData(
      templates,
      {
        cluster: plan.name,
        names: plan.names,
        role: group.role,
        place: group.place,
        group: group.name,
        secretCount: group.files.secrets.length,
        ...(group.member === undefined ? {} : { member: group.member }),
      },
      digest,
    );
    return new LaunchTemplate(
      name,
      {
        name: group.name,
        updateDefaultVersion: true,
        imageId: images.idOf(group.architecture),
        instanceType: group.instanceType,
        ...network,
        iamInstanceProfile: { arn: role.profileArn },
        metadataOptions: {
          httpEndpoint: "enabled",
          httpTokens: "required",
          // Pods are one hop further away and must not take on the machine's role.
          httpPutResponseHopLimit: 1,
          instanceMetadataTags: "disabled",
        },
        blockDeviceMappings: [
          {
            deviceName: images.rootDevice,
            ebs: {
              volumeType: "gp3",
              volumeSize: group.volumeGiB,
              encrypted: "true",
              deleteOnTermination: "true",
            },
          },
        ],
        tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
        // cloud-init unpacks it; without that it would be over EC2's limit.
        userData: Buffer.from(gzipSync(userData, { level: 9 })).toString("base64"),
      },
      { parent: this },
    );
  }
}

/** On one of several types; spot takes the deepest pool, to be interrupted seldom. */
function spread(
  { instanceTypes, capacity }: NonNullable<MachineGroupArgs["mixed"]>,
  reference: { id: pulumi.Output<string>; version: pulumi.Output<string> },
): Pick<GroupArgs, "mixedInstancesPolicy" | "capacityRebalance"> {
  const spot = capacity === "spot";
  return {
    capacityRebalance: spot,
    mixedInstancesPolicy: {
      instancesDistribution: {
        onDemandPercentageAboveBaseCapacity: spot ? 0 : 100,
        onDemandAllocationStrategy: "prioritized",
        spotAllocationStrategy: "price-capacity-optimized",
      },
      launchTemplate: {
        launchTemplateSpecification: {
          launchTemplateId: reference.id,
          version: reference.version,
        },
        overrides: instanceTypes.map((instanceType) => ({ instanceType })),
      },
    },
  };
}
