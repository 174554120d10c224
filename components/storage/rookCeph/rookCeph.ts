import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
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
    // Operator and drivers are there until the last of these is gone, and let go of what they hold.
    const data = (dependsOn: pulumi.Resource[]) => ({
      ...next(dependsOn),
      protect,
      customTimeouts: { delete: longestDeletion },
    });
    const cluster = new CustomResource(`${name}-cluster`, plan.cluster, data([drivers]));
    const pool = new CustomResource(`${name}-pool`, plan.pool, data([cluster]));
    this.ready = [new StorageClass(`${name}-class`, plan.storageClass, next([pool]))];
    for (const one of plan.snapshotClasses)
      new CustomResource(`${name}-${one.metadata.name}`, one, next([pool]));
    this.options(name, plan, data([cluster]));
    this.registerOutputs({});
  }

  private options(
    name: string,
    { fileSystem, objectStore, alerts }: RookCephPlan,
    data: pulumi.CustomResourceOptions,
  ): void {
    const child = { parent: this };
    if (fileSystem !== undefined) {
      const made = new CustomResource(`${name}-file-system`, fileSystem.fileSystem, data);
      const opts = { ...child, dependsOn: made };
      new StorageClass(`${name}-file-class`, fileSystem.storageClass, opts);
    }
    if (objectStore !== undefined) {
      const made = new CustomResource(`${name}-object-store`, objectStore.store, data);
      const opts = { ...child, dependsOn: made };
      new StorageClass(`${name}-bucket-class`, objectStore.storageClass, opts);
    }
    if (alerts !== undefined) {
      const opts = { ...child, ...(data.dependsOn ? { dependsOn: data.dependsOn } : {}) };
      new CustomResource(`${name}-alerts`, alerts.rule, opts);
      new ConfigMap(`${name}-dashboard`, alerts.dashboard, opts);
    }
  }
}

/** Ceph's finalizers end when its daemons are gone; an answer that takes longer is a person's business. */
const longestDeletion = "20m";
