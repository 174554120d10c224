import type { CephStorageConfig } from "../../../config/clusterLayer.ts";
import { snapshotClassOf } from "../snapshotClass.ts";
import { rookNamespace } from "./namespace.ts";

const pool = "replicapool";

/** Copies each in a zone of their own; reads and writes go on while two are there. */
export function replicated({ replicas }: CephStorageConfig) {
  return {
    failureDomain: "zone",
    replicated: { size: replicas, requireSafeReplicaSize: true },
    parameters: { min_size: "2" },
  };
}

export function blockPool(storage: CephStorageConfig) {
  return {
    apiVersion: "ceph.rook.io/v1" as const,
    kind: "CephBlockPool" as const,
    metadata: { name: pool, namespace: rookNamespace },
    spec: {
      ...replicated(storage),
      enableRBDStats: true,
    },
  };
}

/** Volumes that a pod in any zone can use. A volume is kept with its claim's data unless told otherwise. */
export function blockStorageClass({ deleteData }: CephStorageConfig) {
  return {
    apiVersion: "storage.k8s.io/v1" as const,
    kind: "StorageClass" as const,
    metadata: { name: "rook-ceph-block" },
    provisioner: `${rookNamespace}.rbd.csi.ceph.com`,
    parameters: {
      clusterID: rookNamespace,
      pool,
      imageFormat: "2",
      imageFeatures: "layering,fast-diff,object-map,deep-flatten,exclusive-lock",
      "csi.storage.k8s.io/fstype": "ext4",
      ...driverSecrets("rbd"),
    },
    reclaimPolicy: deleteData ? "Delete" : "Retain",
    volumeBindingMode: "Immediate",
    allowVolumeExpansion: true,
  };
}

/** Secrets that Rook makes for a driver, where the driver looks for them. */
export function driverSecrets(driver: "rbd" | "cephfs"): Record<string, string> {
  const provisioner = `rook-csi-${driver}-provisioner`;
  return {
    ...secret("provisioner", provisioner),
    ...secret("controller-expand", provisioner),
    ...secret("controller-publish", provisioner),
    ...secret("node-stage", `rook-csi-${driver}-node`),
  };
}

/** Snapshots of a driver's volumes. */
export function cephSnapshotClass(driver: "rbd" | "cephfs", { deleteData }: CephStorageConfig) {
  return snapshotClassOf(
    driver === "rbd" ? "rook-ceph-block-snapshots" : "rook-ceph-fs-snapshots",
    `${rookNamespace}.${driver}.csi.ceph.com`,
    deleteData,
    { clusterID: rookNamespace, ...secret("snapshotter", `rook-csi-${driver}-provisioner`) },
  );
}

function secret(what: string, name: string): Record<string, string> {
  return {
    [`csi.storage.k8s.io/${what}-secret-name`]: name,
    [`csi.storage.k8s.io/${what}-secret-namespace`]: rookNamespace,
  };
}
