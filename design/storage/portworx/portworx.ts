import type { PortworxStorageConfig } from "../../../config/clusterLayer.ts";
import type { EksConfig } from "../../../config/schema.ts";
import { storageImages } from "../../../config/versions.ts";
import { type ChartPlan, chartSource } from "../../charts/chart.ts";
import type { RolePlan } from "../../iam.ts";
import { poolLabel } from "../../pools.ts";
import { portworxRole } from "./role.ts";

/** Portworx, in the order of its installation. */
export interface PortworxPlan {
  namespace: string;
  /** Before all: the role of its pods, by pod identity. */
  role: RolePlan;
  serviceAccount: string;
  /** First: the operator, and the kind of the cluster. */
  operator: ChartPlan;
  cluster: ReturnType<typeof storageCluster>;
  storageClasses: ReturnType<typeof replicatedClass>[];
  protect: boolean;
}

const namespace = "portworx";

/** Disks of Portworx's own store and of its journal. */
const storeGiB = 64;

export function planPortworx(storage: PortworxStorageConfig, config: EksConfig): PortworxPlan {
  return {
    namespace,
    role: portworxRole(config),
    serviceAccount: "portworx",
    operator: {
      release: "portworx",
      namespace,
      source: chartSource("portworx", config.charts),
      // The cluster is ours to describe; with its own store encrypted, certificates are needed.
      values: { deployCluster: false, installCertManager: true },
    },
    cluster: storageCluster(storage, config),
    storageClasses: [
      replicatedClass(storage, "portworx-block", "auto"),
      replicatedClass(storage, "portworx-database", "db_remote"),
    ],
    protect: !storage.deleteData,
  };
}

/** One node with a disk in each zone at least; its own store on three of them; one at a time in updates. */
function storageCluster(storage: PortworxStorageConfig, config: EksConfig) {
  const { pool, diskGiB } = storage;
  return {
    apiVersion: "core.libopenstorage.org/v1" as const,
    kind: "StorageCluster" as const,
    metadata: { name: config.name, namespace },
    spec: {
      image: storageImages.portworx,
      kvdb: { internal: true, enableTLS: true },
      cloudStorage: {
        provider: "aws",
        deviceSpecs: [`type=gp3,size=${diskGiB}`],
        kvdbDeviceSpec: `type=gp3,size=${storeGiB}`,
        systemMetadataDeviceSpec: `type=gp3,size=${storeGiB}`,
        maxStorageNodesPerZone: config.pools[pool]?.nodesPerZone.max ?? 1,
      },
      secretsProvider: "k8s",
      stork: { enabled: true },
      csi: { enabled: true, installSnapshotController: false },
      placement: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: poolLabel, operator: "In", values: [pool] }] },
            ],
          },
        },
      },
      updateStrategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: 1, minReadySeconds: 60, disruption: { allow: false } },
      },
      // Never "UninstallAndWipe": disks outlive the cluster and are deleted by hand.
      deleteStrategy: { type: "Uninstall" },
      monitoring: { prometheus: { exportMetrics: true } },
      priorityClassName: "system-node-critical",
    },
  };
}

function replicatedClass(
  { replicas, deleteData }: PortworxStorageConfig,
  name: string,
  ioProfile: "auto" | "db_remote",
) {
  return {
    apiVersion: "storage.k8s.io/v1" as const,
    kind: "StorageClass" as const,
    metadata: { name },
    provisioner: "pxd.portworx.com",
    parameters: { repl: `${replicas}`, io_profile: ioProfile },
    reclaimPolicy: deleteData ? "Delete" : "Retain",
    volumeBindingMode: "Immediate",
    allowVolumeExpansion: true,
  };
}
