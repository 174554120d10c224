/** Where the volumes of a storage class can be used. */
import type { Graph } from "../graph.ts";
import type { Workload } from "../model.ts";
import { at, textIn } from "../read.ts";

const scopes: [RegExp, Workload["volumes"]][] = [
  // An EBS volume attaches within its availability zone only: AWS, "Amazon EBS volumes".
  [/^ebs\.csi\.(aws|eks\.amazonaws)\.com$/, "zonal"],
  [/\.rbd\.csi\.ceph\.com$|\.cephfs\.csi\.ceph\.com$/, "replicated"],
  [/^pxd\.portworx\.com$/, "replicated"],
  [/^efs\.csi\.aws\.com$/, "replicated"],
  [/^kubernetes\.io\/no-provisioner$|^rancher\.io\/local-path$/, "machine"],
];

/** Where the volumes of a provisioner can be used. */
export function scopeOfProvisioner(provisioner: string | undefined): Workload["volumes"] {
  return scopes.find(([pattern]) => pattern.test(provisioner ?? ""))?.[1] ?? "unknown";
}

/** @param name class of the claim; the cluster's default class when undefined. */
export function volumeScope(name: string | undefined, graph: Graph): Workload["volumes"] {
  const classes = graph.ofType("kubernetes:storage.k8s.io/v1:StorageClass");
  const found = classes.find((node) => {
    const { inputs } = node;
    if (name !== undefined) return (textIn(at(inputs, "metadata", "name")) ?? node.name) === name;
    const isDefault = at(
      inputs,
      "metadata",
      "annotations",
      "storageclass.kubernetes.io/is-default-class",
    );
    return isDefault === "true";
  });
  return scopeOfProvisioner(textIn(at(found?.inputs, "provisioner")));
}
