import type { RookCephStorageConfig } from "../../../config/clusterLayer.ts";

const namespace = "rook-ceph";
const pool = "replicapool";

/** Copies each in a zone of their own; reads and writes go on while two are there. */
export function blockPool({ replicas }: RookCephStorageConfig) {
  return {
    apiVersion: "ceph.rook.io/v1" as const,
    kind: "CephBlockPool" as const,
    metadata: { name: pool, namespace },
    spec: {
      failureDomain: "zone",
      replicated: { size: replicas, requireSafeReplicaSize: true },
      parameters: { min_size: "2" },
      enableRBDStats: true,
    },
  };
}

/** Volumes that a pod in any zone can use. A volume is kept with its claim's data unless told otherwise. */
export function blockStorageClass({ deleteData }: RookCephStorageConfig) {
  const secret = (what: string, name: string) => ({
    [`csi.storage.k8s.io/${what}-secret-name`]: name,
    [`csi.storage.k8s.io/${what}-secret-namespace`]: namespace,
  });
  return {
    apiVersion: "storage.k8s.io/v1" as const,
    kind: "StorageClass" as const,
    metadata: { name: "rook-ceph-block" },
    provisioner: `${namespace}.rbd.csi.ceph.com`,
    parameters: {
      clusterID: namespace,
      pool,
      imageFormat: "2",
      imageFeatures: "layering,fast-diff,object-map,deep-flatten,exclusive-lock",
      "csi.storage.k8s.io/fstype": "ext4",
      ...secret("provisioner", "rook-csi-rbd-provisioner"),
      ...secret("controller-expand", "rook-csi-rbd-provisioner"),
      ...secret("controller-publish", "rook-csi-rbd-provisioner"),
      ...secret("node-stage", "rook-csi-rbd-node"),
    },
    reclaimPolicy: deleteData ? "Delete" : "Retain",
    volumeBindingMode: "Immediate",
    allowVolumeExpansion: true,
  };
}
