import { Parameter } from "@pulumi/aws/ssm/parameter.js";
import * as pulumi from "@pulumi/pulumi";
import { type Ec2Names, type Ec2Role, ec2Roles, parameterPaths } from "../../design/ec2/names.ts";
import type { RootSecret } from "../../design/machine.ts";
import { secretsFor } from "../../design/pki.ts";

export interface SecretsArgs {
  cluster: string;
  names: Ec2Names;
  roots: Record<RootSecret, pulumi.Output<string>>;
  keyArn: pulumi.Input<string>;
}

/** Key material where machines fetch it: for each role a path of its own, which no other role may read. */
export class Secrets extends pulumi.ComponentResource {
  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("quorum:ec2:Secrets", name, {}, opts);
    for (const role of ec2Roles)
      for (const root of secretsFor([role])) this.parameter(role, root, args);
    this.registerOutputs({});
  }

  private parameter(role: Ec2Role, root: RootSecret, args: SecretsArgs): void {
    new Parameter(
      `${args.cluster}-${role}-${root}`,
      {
        name: `${args.names.parameters}/${parameterPaths.secrets(role)}/${root}`,
        type: "SecureString",
        keyId: args.keyArn,
        value: pulumi.secret(args.roots[root]),
      },
      { parent: this },
    );
  }
}
