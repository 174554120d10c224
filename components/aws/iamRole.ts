import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment.js";
import * as pulumi from "@pulumi/pulumi";
import type { RolePlan } from "../../design/iam.ts";
import type { StatementPlan } from "../../design/iamStatements.ts";

/** A role, its policies attached: whoever takes `ready` can act at once. */
export class IamRole extends pulumi.ComponentResource {
  readonly role: Role;
  /** What must exist before the role can do its work. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, { plan }: { plan: RolePlan }, opts?: pulumi.ComponentResourceOptions) {
    super("quorum:aws:IamRole", name, { purpose: plan.purpose }, opts);
    const child = { parent: this };
    this.role = new Role(name, { assumeRolePolicy: trustDocument(plan) }, child);
    const attachments = plan.managedPolicies.map(
      (policyArn) =>
        new RolePolicyAttachment(
          `${name}-${policyArn.split("/").at(-1)}`,
          { role: this.role.name, policyArn },
          child,
        ),
    );
    const policies =
      plan.statements.length === 0
        ? []
        : [
            new RolePolicy(
              name,
              { role: this.role.id, policy: policyDocument(plan.statements) },
              child,
            ),
          ];
    this.ready = [...attachments, ...policies];
    this.registerOutputs({ arn: this.role.arn });
  }
}

function trustDocument({ service, trustActions, sourceAccount }: RolePlan): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: service },
        Action: trustActions,
        ...(sourceAccount === undefined
          ? {}
          : { Condition: { StringEquals: { "aws:SourceAccount": sourceAccount } } }),
      },
    ],
  });
}

function policyDocument(statements: readonly StatementPlan[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map(({ actions, resources, conditions }) => ({
      Effect: "Allow",
      Action: actions,
      Resource: resources,
      ...(conditions === undefined ? {} : { Condition: conditions }),
    })),
  });
}
