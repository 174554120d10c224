import type {
  CephStorageConfig,
  ChartsConfig,
  HostsCephConfig,
  RookCephStorageConfig,
} from "../../../config/clusterLayer.ts";
import type { AwsConfig, HostsConfig } from "../../../config/schema.ts";
import { type ChartPlan, chartSource } from "../../charts/chart.ts";
import { cephAlerts, cephDashboard } from "./cephAlerts.ts";
import { cephCluster } from "./cephCluster.ts";
import { fileStorageClass, fileSystem } from "./cephFileSystem.ts";
import { bucketStorageClass, objectStore } from "./cephObjectStore.ts";
import { blockPool, blockStorageClass, cephSnapshotClass } from "./cephPool.ts";
import { driverValues, operatorValues } from "./chartValues.ts";
import { rookNamespace } from "./namespace.ts";
import { type CephPlace, placeOnHosts, placeOnVolumes } from "./place.ts";

/** Ceph by Rook, in the order of its installation. */
export interface RookCephPlan {
  namespace: string;
  /** First: it brings the kinds of all that follows. */
  operator: ChartPlan;
  /** Second: without it volumes have no driver (Rook 1.20). */
  drivers: ChartPlan;
  cluster: ReturnType<typeof cephCluster>;
  pool: ReturnType<typeof blockPool>;
  storageClass: ReturnType<typeof blockStorageClass>;
  /** Absent on hosts, whose stack has no snapshot controller. */
  snapshotClasses: ReturnType<typeof cephSnapshotClass>[];
  fileSystem?: {
    fileSystem: ReturnType<typeof fileSystem>;
    storageClass: ReturnType<typeof fileStorageClass>;
  };
  objectStore?: {
    store: ReturnType<typeof objectStore>;
    storageClass: ReturnType<typeof bucketStorageClass>;
  };
  alerts?: { rule: typeof cephAlerts; dashboard: typeof cephDashboard };
  /** Nothing that holds data may be deleted. */
  protect: boolean;
}

/** On AWS: disks are EBS volumes, with snapshots. */
export function planRookCeph(storage: RookCephStorageConfig, config: AwsConfig): RookCephPlan {
  return {
    ...plan(storage, config.charts, placeOnVolumes(storage, config), true),
    snapshotClasses: [
      cephSnapshotClass("rbd", storage),
      ...(storage.fileSystem ? [cephSnapshotClass("cephfs", storage)] : []),
    ],
  };
}

/** On hosts: disks are whole disks of theirs. */
export function planHostsCeph(storage: HostsCephConfig, config: HostsConfig): RookCephPlan {
  return {
    ...plan(storage, config.charts, placeOnHosts(storage, config), false),
    snapshotClasses: [],
  };
}

function plan(
  storage: CephStorageConfig,
  charts: ChartsConfig,
  place: CephPlace,
  snapshots: boolean,
): Omit<RookCephPlan, "snapshotClasses"> {
  return {
    namespace: rookNamespace,
    operator: {
      release: "rook-ceph",
      namespace: rookNamespace,
      source: chartSource("rook-ceph", charts),
      values: operatorValues,
    },
    drivers: {
      release: "ceph-csi-drivers",
      namespace: rookNamespace,
      source: chartSource("ceph-csi-drivers", charts),
      values: driverValues(storage, snapshots),
    },
    cluster: cephCluster(storage, place),
    pool: blockPool(storage),
    storageClass: blockStorageClass(storage),
    ...(storage.fileSystem
      ? {
          fileSystem: {
            fileSystem: fileSystem(storage, place),
            storageClass: fileStorageClass(storage),
          },
        }
      : {}),
    ...(storage.objectStore
      ? {
          objectStore: {
            store: objectStore(storage, place),
            storageClass: bucketStorageClass(storage),
          },
        }
      : {}),
    ...(storage.alerts ? { alerts: { rule: cephAlerts, dashboard: cephDashboard } } : {}),
    protect: !storage.deleteData,
  };
}
