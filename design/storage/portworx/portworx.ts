import type { PortworxKvdbConfig, PortworxStorageConfig } from "../../../config/clusterLayer.ts";
import type { AwsConfig } from "../../../config/schema.ts";
import { storageImages } from "../../../config/versions.ts";
import { type ChartPlan, chartSource } from "../../charts/chart.ts";
import { podRole, type RolePlan } from "../../iam.ts";
import { poolLabel } from "../../pools.ts";
import { snapshotClassOf } from "../snapshotClass.ts";
import { portworxStatements } from "./role.ts";

/** Portworx, in the order of its installation. */
export interface PortworxPlan {
  namespace: string;
  /** Before all, on EKS: the role of its pods, by pod identity. On EC2 its workers' role has it. */
  role?: RolePlan;
  serviceAccount: string;
  /** First: the operator, and the kind of the cluster. */
  operator: ChartPlan;
  cluster: ReturnType<typeof storageCluster>;
  storageClasses: ReturnType<typeof replicatedClass>[];
  snapshotClass: ReturnType<typeof snapshotClassOf>;
  protect: boolean;
}

const namespace = "portworx";

const driver = "pxd.portworx.com";

/** Disks of Portworx's own store and of its journal. */
const storeGiB = 64;

export function planPortworx(storage: PortworxStorageConfig, config: AwsConfig): PortworxPlan {
  return {
    namespace,
    ...(config.platform === "eks" ? { role: podRole("portworx", portworxStatements(config)) } : {}),
    serviceAccount: "portworx",
    operator: {
      release: "portworx",
      namespace,
      source: chartSource("portworx", config.charts),
      // The cluster is ours to describe; its own store, encrypted, needs certificates.
      values: { deployCluster: false, installCertManager: storage.kvdb.mode === "internal" },
    },
    cluster: storageCluster(storage, config),
    storageClasses: [
      replicatedClass(storage, "portworx-block", "auto"),
      replicatedClass(storage, "portworx-database", "db_remote"),
    ],
    snapshotClass: snapshotClassOf("portworx-snapshots", driver, storage.deleteData),
    protect: !storage.deleteData,
  };
}

/** One node with a disk in each zone at least; its own store on three of them; one at a time in updates. */
function storageCluster(storage: PortworxStorageConfig, config: AwsConfig) {
  const { pool, diskGiB } = storage;
  return {
    apiVersion: "core.libopenstorage.org/v1" as const,
    kind: "StorageCluster" as const,
    metadata: { name: config.name, namespace },
    spec: {
      image: storageImages.portworx,
      kvdb: ownStore(storage.kvdb),
      cloudStorage: {
        provider: "aws",
        deviceSpecs: [`type=gp3,size=${diskGiB}`],
        ...(storage.kvdb.mode === "internal"
          ? { kvdbDeviceSpec: `type=gp3,size=${storeGiB}` }
          : {}),
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
      resources: { requests: { cpu: "1", memory: "4Gi" } },
    },
  };
}

/** Three of its nodes, or an etcd elsewhere. Source: StorageCluster, spec.kvdb. */
function ownStore(kvdb: PortworxKvdbConfig) {
  if (kvdb.mode === "internal") return { internal: true, enableTLS: true };
  return {
    internal: false,
    // The operator's form: "etcd:" before each URL.
    endpoints: kvdb.endpoints.map((endpoint) => `etcd:${endpoint}`),
    authSecret: kvdb.secretName,
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
    provisioner: driver,
    parameters: { repl: `${replicas}`, io_profile: ioProfile },
    reclaimPolicy: deleteData ? "Delete" : "Retain",
    volumeBindingMode: "Immediate",
    allowVolumeExpansion: true,
  };
}
