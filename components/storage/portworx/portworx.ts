import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass.js";
import * as pulumi from "@pulumi/pulumi";
import type { PortworxPlan } from "../../../design/storage/portworx/portworx.ts";
import { installChart } from "../../charts/chart.ts";

export interface PortworxArgs {
  plan: PortworxPlan;
  /** The nodes, and what gives Portworx its role. */
  after: pulumi.Resource[];
}

/**
 * Operator, cluster, classes: installed in this order and removed in the other. Portworx is commercial
 * software; the stack says that it has a licence.
 */
export class Portworx extends pulumi.ComponentResource {
  readonly ready: pulumi.Resource[];

  constructor(name: string, { plan, after }: PortworxArgs, opts?: pulumi.ComponentResourceOptions) {
    super("quorum:storage:Portworx", name, { keepsData: plan.protect }, opts);
    const { protect } = plan;
    const next = (dependsOn: pulumi.Resource[]) => ({ parent: this, dependsOn });
    const namespace = new Namespace(
      `${name}-namespace`,
      { metadata: { name: plan.namespace } },
      { ...next(after), protect },
    );
    const operator = installChart(`${name}-operator`, plan.operator, next([namespace]));
    const cluster = new CustomResource(`${name}-cluster`, plan.cluster, {
      ...next([operator]),
      protect,
      customTimeouts: { delete: "20m" },
    });
    new CustomResource(`${name}-snapshots`, plan.snapshotClass, next([cluster]));
    this.ready = plan.storageClasses.map(
      (one) => new StorageClass(`${name}-${one.metadata.name}`, one, next([cluster])),
    );
    this.registerOutputs({});
  }
}
