import { InstanceProfile } from "@pulumi/aws/iam/instanceProfile.js";
import * as pulumi from "@pulumi/pulumi";
import type { RolePlan } from "../../design/iam.ts";
import { IamRole } from "../aws/iamRole.ts";

/** A role that machines have. */
export class MachineRole extends pulumi.ComponentResource {
  readonly profileArn: pulumi.Output<string>;
  /** What must exist before a machine can do its work. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, { plan }: { plan: RolePlan }, opts?: pulumi.ComponentResourceOptions) {
    super("quorum:ec2:MachineRole", name, { purpose: plan.purpose }, opts);
    const child = { parent: this };
    const role = new IamRole(name, { plan }, child);
    const profile = new InstanceProfile(name, { role: role.role.name }, child);
    this.profileArn = profile.arn;
    this.ready = [...role.ready, profile];
    this.registerOutputs({});
  }
}
