import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass.js";
import * as pulumi from "@pulumi/pulumi";
import type { RookCephPlan } from "../../../design/storage/rookCeph/rookCeph.ts";
import { installChart } from "../../charts/chart.ts";

export interface RookCephArgs {
  plan: RookCephPlan;
  /** The nodes, and the class of Ceph's own disks. */
  after: pulumi.Resource[];
}

/**
 * Operator, drivers, Ceph cluster, pool, class: installed in this order and removed in the other, so
 * that the operator is there to let go of what it holds.
 */
export class RookCeph extends pulumi.ComponentResource {
  readonly ready: pulumi.Resource[];

  constructor(name: string, { plan, after }: RookCephArgs, opts?: pulumi.ComponentResourceOptions) {
    super("quorum:storage:RookCeph", name, { keepsData: plan.protect }, opts);
    const { protect } = plan;
    const next = (dependsOn: pulumi.Resource[]) => ({ parent: this, dependsOn });
    const namespace = new Namespace(
      `${name}-namespace`,
      { metadata: { name: plan.namespace } },
      { ...next(after), protect },
    );
    const operator = installChart(`${name}-operator`, plan.operator, next([namespace]));
    const drivers = installChart(`${name}-drivers`, plan.drivers, next([operator]));
    const cluster = new CustomResource(`${name}-cluster`, plan.cluster, {
      ...next([drivers]),
      protect,
    });
    const pool = new CustomResource(`${name}-pool`, plan.pool, { ...next([cluster]), protect });
    this.ready = [new StorageClass(`${name}-class`, plan.storageClass, next([pool]))];
    this.registerOutputs({});
  }
}
