import type { CephStorageConfig } from "../../../config/clusterLayer.ts";
import { zoneSpread } from "../../workloads/topology.ts";
import { driverSecrets, replicated } from "./cephPool.ts";
import { rookNamespace } from "./namespace.ts";
import type { CephPlace } from "./place.ts";

const name = "shared";
const dataPool = "replicated";

/** A file system, its metadata server with a standby that follows it, in another zone. */
export function fileSystem(storage: CephStorageConfig, { nodeAffinity }: CephPlace) {
  return {
    apiVersion: "ceph.rook.io/v1" as const,
    kind: "CephFilesystem" as const,
    metadata: { name, namespace: rookNamespace },
    spec: {
      metadataPool: replicated(storage),
      dataPools: [{ name: dataPool, ...replicated(storage) }],
      preserveFilesystemOnDelete: !storage.deleteData,
      metadataServer: {
        activeCount: 1,
        activeStandby: true,
        priorityClassName: "system-cluster-critical",
        resources: { requests: { cpu: "500m", memory: "1Gi" }, limits: { memory: "4Gi" } },
        placement: {
          nodeAffinity,
          topologySpreadConstraints: [zoneSpread({ app: "rook-ceph-mds" }, false)],
        },
      },
    },
  };
}

/** Volumes that many pods, in any zone, write at once. */
export function fileStorageClass({ deleteData }: CephStorageConfig) {
  return {
    apiVersion: "storage.k8s.io/v1" as const,
    kind: "StorageClass" as const,
    metadata: { name: "rook-ceph-fs" },
    provisioner: `${rookNamespace}.cephfs.csi.ceph.com`,
    parameters: {
      clusterID: rookNamespace,
      fsName: name,
      pool: `${name}-${dataPool}`,
      ...driverSecrets("cephfs"),
    },
    reclaimPolicy: deleteData ? "Delete" : "Retain",
    volumeBindingMode: "Immediate",
    allowVolumeExpansion: true,
  };
}
