import { Alias } from "@pulumi/aws/kms/alias.js";
import { Key } from "@pulumi/aws/kms/key.js";
import * as pulumi from "@pulumi/pulumi";
import { type KeyPlan, keyDeletionDays } from "../../design/encryption.ts";

/** A key that rotates every year. Protected: what it encrypts dies with it. */
export class EncryptionKey extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(
    name: string,
    // `retain`: stays when the stack goes, because what it encrypts stays as well.
    { plan, protect, retain = false }: { plan: KeyPlan; protect: boolean; retain?: boolean },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("quorum:aws:EncryptionKey", name, { purpose: plan.purpose }, opts);
    const key = new Key(
      name,
      {
        description: plan.description,
        enableKeyRotation: true,
        deletionWindowInDays: keyDeletionDays,
        policy: JSON.stringify(plan.policy),
      },
      { parent: this, protect, retainOnDelete: retain },
    );
    new Alias(
      name,
      { name: `alias/${name}`, targetKeyId: key.keyId },
      { parent: this, retainOnDelete: retain },
    );
    this.arn = key.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
