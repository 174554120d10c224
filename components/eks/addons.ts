import { Addon } from "@pulumi/aws/eks/addon.js";
import * as pulumi from "@pulumi/pulumi";
import type { AddonPlan } from "../../design/addons.ts";
import type { EksRole } from "../../design/iam.ts";
import type { IamRole } from "../aws/iamRole.ts";

export interface AddonsArgs {
  addons: readonly AddonPlan[];
  clusterName: string;
  roles: Readonly<Record<EksRole, IamRole>>;
  /** What must exist first, and outlive them on the way down. */
  after: pulumi.Resource[];
}

/** Managed add-ons at pinned builds. Settings that differ from ours are taken back. */
export class Addons extends pulumi.ComponentResource {
  readonly ready: pulumi.Resource[];

  constructor(
    name: string,
    { addons, clusterName, roles, after }: AddonsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("quorum:eks:Addons", name, {}, opts);
    this.ready = addons.map(
      (plan) =>
        new Addon(
          `${clusterName}-${plan.name}`,
          {
            clusterName,
            addonName: plan.name,
            addonVersion: plan.version,
            configurationValues: JSON.stringify(plan.configuration),
            resolveConflictsOnCreate: "OVERWRITE",
            resolveConflictsOnUpdate: "OVERWRITE",
            ...(plan.identity === undefined
              ? {}
              : {
                  podIdentityAssociations: [
                    {
                      serviceAccount: plan.identity.serviceAccount,
                      roleArn: roles[plan.identity.role].role.arn,
                    },
                  ],
                }),
          },
          {
            parent: this,
            dependsOn: [
              ...after,
              ...(plan.identity === undefined ? [] : roles[plan.identity.role].ready),
            ],
          },
        ),
    );
    this.registerOutputs({});
  }
}
