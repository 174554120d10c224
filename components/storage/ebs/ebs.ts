import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { CSIDriver } from "@pulumi/kubernetes/storage/v1/csidriver.js";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass.js";
import * as pulumi from "@pulumi/pulumi";
import type { EbsPlan } from "../../../design/storage/ebs/ebs.ts";
import { installChart } from "../../charts/chart.ts";
import { registerController } from "../../controllers/controller.ts";

export interface EbsStorageArgs {
  plan: EbsPlan;
  /** Nodes, the snapshot kinds and, on EKS, the add-on that is the driver. */
  after: pulumi.Resource[];
}

/** EBS volumes: driver where none is managed, then the class of volumes and that of snapshots. */
export class EbsStorage extends pulumi.ComponentResource {
  constructor(
    name: string,
    { plan, after }: EbsStorageArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("quorum:storage:Ebs", name, {}, opts);
    const next = (dependsOn: pulumi.Resource[]) => ({ parent: this, dependsOn });
    const driver = this.driver(name, plan, next(after));
    const { storageClass, snapshotClass } = plan;
    new StorageClass(`${name}-class`, storageClass, next([...after, ...driver]));
    new CustomResource(`${name}-snapshot-class`, snapshotClass, next([...after, ...driver]));
    this.registerOutputs({});
  }

  private driver(
    name: string,
    { driver }: EbsPlan,
    opts: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
  ): pulumi.Resource[] {
    if (driver === undefined) return [];
    return [
      new CSIDriver(`${name}-driver`, driver.object, opts),
      registerController(`${name}-controller`, driver.controller, opts),
      installChart(`${name}-nodes`, driver.nodes, opts),
    ];
  }
}
