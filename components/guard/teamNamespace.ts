import { LimitRange } from "@pulumi/kubernetes/core/v1/limitRange.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { ResourceQuota } from "@pulumi/kubernetes/core/v1/resourceQuota.js";
import * as pulumi from "@pulumi/pulumi";
import { planNamespace, type TeamNamespaceConfig } from "../../design/guard/namespace.ts";

export interface TeamNamespaceArgs {
  namespace: TeamNamespaceConfig;
  /** Keep the namespace, and all in it, when it leaves the program. */
  protect: boolean;
}

/** A team's namespace with its quota and limits. Deleting it deletes everything in it. */
export class TeamNamespace extends pulumi.ComponentResource {
  constructor(
    name: string,
    { namespace: config, protect }: TeamNamespaceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const plan = planNamespace(config);
    super("quorum:guard:TeamNamespace", name, { namespace: config.name }, opts);
    const namespace = new Namespace(name, plan.namespace, { parent: this, protect });
    const below = { parent: this, dependsOn: namespace };
    if (plan.quota !== undefined) new ResourceQuota(name, plan.quota, below);
    if (plan.limits !== undefined) new LimitRange(name, plan.limits, below);
    this.registerOutputs({});
  }
}
