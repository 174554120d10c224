import type { HostsConfig, LocalVolumesConfig } from "../../config/schema.ts";
import { hostKey } from "../workloads/labels.ts";

/** Name of the n-th volume of a worker, as a directory; counts from 0. */
export function volumeDirectory({ directory }: LocalVolumesConfig, number: number): string {
  return `${directory}/volume-${number}`;
}

/**
 * The class of local volumes and every volume of it. Undefined where the stack asks for none.
 * Claims bind when their pod is placed, so that the scheduler chooses worker and volume together.
 * Source: Kubernetes "Local" volumes; the class has no provisioner, so the volumes are made here.
 */
export function planLocalVolumes({ localVolumes, hosts }: HostsConfig) {
  if (localVolumes === undefined) return undefined;
  const { storageClass, perHost } = localVolumes;
  const workers = Object.keys(hosts)
    .filter((name) => hosts[name]?.roles.includes("worker"))
    .sort();
  return {
    storageClass: {
      apiVersion: "storage.k8s.io/v1" as const,
      kind: "StorageClass" as const,
      metadata: { name: storageClass },
      provisioner: "kubernetes.io/no-provisioner",
      volumeBindingMode: "WaitForFirstConsumer",
      reclaimPolicy: "Retain",
    },
    volumes: workers.flatMap((worker) =>
      Array.from({ length: perHost }, (_, number) => volume(localVolumes, worker, number)),
    ),
  };
}

export type LocalVolumesPlan = NonNullable<ReturnType<typeof planLocalVolumes>>;

function volume(config: LocalVolumesConfig, worker: string, number: number) {
  return {
    apiVersion: "v1" as const,
    kind: "PersistentVolume" as const,
    metadata: { name: `${worker}-volume-${number}` },
    spec: {
      capacity: { storage: `${config.sizeGiB}Gi` },
      volumeMode: "Filesystem",
      accessModes: ["ReadWriteOnce"],
      // Data outlives its claim; a person decides when it goes.
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: config.storageClass,
      local: { path: volumeDirectory(config, number) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: hostKey, operator: "In", values: [worker] }] },
          ],
        },
      },
    },
  };
}
