import type { CephStorageConfig } from "../../../config/clusterLayer.ts";
import { zoneSpread } from "../../workloads/topology.ts";
import { replicated } from "./cephPool.ts";
import { rookNamespace } from "./namespace.ts";
import type { CephPlace } from "./place.ts";

const name = "objects";

/** Buckets by the S3 protocol, at http://rook-ceph-rgw-objects.rook-ceph inside the cluster. */
export function objectStore(storage: CephStorageConfig, { nodeAffinity }: CephPlace) {
  return {
    apiVersion: "ceph.rook.io/v1" as const,
    kind: "CephObjectStore" as const,
    metadata: { name, namespace: rookNamespace },
    spec: {
      metadataPool: replicated(storage),
      dataPool: replicated(storage),
      preservePoolsOnDelete: !storage.deleteData,
      gateway: {
        port: 80,
        instances: 2,
        priorityClassName: "system-cluster-critical",
        resources: { requests: { cpu: "500m", memory: "1Gi" }, limits: { memory: "2Gi" } },
        placement: {
          nodeAffinity,
          topologySpreadConstraints: [zoneSpread({ app: "rook-ceph-rgw" }, false)],
        },
      },
    },
  };
}

/** Buckets by ObjectBucketClaim. */
export function bucketStorageClass({ deleteData }: CephStorageConfig) {
  return {
    apiVersion: "storage.k8s.io/v1" as const,
    kind: "StorageClass" as const,
    metadata: { name: "rook-ceph-bucket" },
    provisioner: `${rookNamespace}.ceph.rook.io/bucket`,
    parameters: { objectStoreName: name, objectStoreNamespace: rookNamespace },
    reclaimPolicy: deleteData ? "Delete" : "Retain",
    volumeBindingMode: "Immediate",
  };
}
