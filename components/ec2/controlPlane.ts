import * as pulumi from "@pulumi/pulumi";
import type { Ec2Plan } from "../../design/ec2/plan.ts";
import { type GroupContext, MachineGroup } from "./machineGroup.ts";

export interface ControlPlaneArgs {
  context: GroupContext;
  member: Ec2Plan["controlPlanes"][number];
  subnetId: pulumi.Input<string>;
  securityGroupId: pulumi.Input<string>;
  targetGroupArn: pulumi.Input<string>;
}

/** The control plane of one zone: a group of one, whose machine joins by itself. */
export class ControlPlane extends pulumi.ComponentResource {
  constructor(name: string, args: ControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    const { context, member } = args;
    const { zone, cpus, memoryGiB } = member;
    const facts = { name: member.group.name, zone, cpus, memoryGiB };
    super("quorum:ec2:ControlPlane", name, facts, opts);
    new MachineGroup(
      name,
      {
        context,
        group: member.group,
        network: { vpcSecurityGroupIds: [args.securityGroupId] },
        scaling: {
          vpcZoneIdentifiers: [args.subnetId],
          targetGroupArns: [args.targetGroupArn],
          minSize: 1,
          maxSize: 1,
          desiredCapacity: 1,
          // One goes before the next comes: the other zones serve meanwhile.
          instanceMaintenancePolicy: { minHealthyPercentage: 0, maxHealthyPercentage: 100 },
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
