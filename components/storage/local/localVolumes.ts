import { PersistentVolume } from "@pulumi/kubernetes/core/v1/persistentVolume.js";
import { Provider } from "@pulumi/kubernetes/provider.js";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass.js";
import * as pulumi from "@pulumi/pulumi";
import type { LocalVolumesPlan } from "../../../design/storage/localVolumes.ts";

export interface LocalVolumesArgs {
  plan: LocalVolumesPlan;
  /** Of an administrator. */
  kubeconfig: pulumi.Input<string>;
}

/**
 * The class of local volumes and its volumes; the directories are made by the machines' bundles.
 * A volume that leaves the program stays in the cluster: a claim may hold it, and then its deletion
 * would wait for ever.
 */
export class LocalVolumes extends pulumi.ComponentResource {
  constructor(
    name: string,
    { plan, kubeconfig }: LocalVolumesArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("quorum:storage:LocalVolumes", name, {}, opts);
    const provider = new Provider(name, { kubeconfig, deleteUnreachable: true }, { parent: this });
    const child = { parent: this, provider };
    const { storageClass } = plan;
    const ready = new StorageClass(`${name}-${storageClass.metadata.name}`, storageClass, child);
    for (const volume of plan.volumes)
      new PersistentVolume(`${name}-${volume.metadata.name}`, volume, {
        ...child,
        dependsOn: ready,
        retainOnDelete: true,
      });
    this.registerOutputs({});
  }
}
