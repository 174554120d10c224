import { CustomResourceDefinition } from "@pulumi/kubernetes/apiextensions/v1/customResourceDefinition.js";
import * as pulumi from "@pulumi/pulumi";
import type { ControllerPlan } from "../../design/layer/controller.ts";
import type { Templates } from "../../design/render/template.ts";
import { snapshotDefinitions } from "../../design/storage/snapshots.ts";
import { registerController } from "../controllers/controller.ts";

/**
 * The snapshot kinds, before any driver that asks for them. They stay when the stack lets go of them:
 * with a definition would go all its objects, and with those the snapshots.
 */
export class SnapshotDefinitions extends pulumi.ComponentResource {
  constructor(
    name: string,
    { templates }: { templates: Templates },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("quorum:storage:SnapshotDefinitions", name, {}, opts);
    for (const definition of snapshotDefinitions(templates)) {
      const [kind = ""] = definition.metadata.name.split(".");
      new CustomResourceDefinition(`${name}-${kind}`, definition, {
        parent: this,
        retainOnDelete: true,
      });
    }
    this.registerOutputs({});
  }
}

export interface SnapshotControllerArgs {
  plan: ControllerPlan;
  /** Nodes, and the snapshot kinds. */
  after: pulumi.Resource[];
}

/** Makes and deletes snapshots for all drivers of the cluster. */
export class SnapshotController extends pulumi.ComponentResource {
  constructor(
    name: string,
    { plan, after }: SnapshotControllerArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("quorum:storage:SnapshotController", name, {}, opts);
    registerController(name, plan, { parent: this, dependsOn: after });
    this.registerOutputs({});
  }
}
