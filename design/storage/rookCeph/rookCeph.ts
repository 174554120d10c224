import type { RookCephStorageConfig } from "../../../config/clusterLayer.ts";
import type { AwsConfig } from "../../../config/schema.ts";
import { type ChartPlan, chartSource } from "../../charts/chart.ts";
import { cephCluster } from "./cephCluster.ts";
import { blockPool, blockStorageClass } from "./cephPool.ts";

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
  /** Nothing that holds data may be deleted. */
  protect: boolean;
}

export const rookNamespace = "rook-ceph";

/** Zones of the monitors: three keep a majority when one is lost; the first, so that none moves. */
const monitorZones = 3;

export function planRookCeph(storage: RookCephStorageConfig, config: AwsConfig): RookCephPlan {
  const zones = config.zones.slice(0, monitorZones);
  return {
    namespace: rookNamespace,
    operator: {
      release: "rook-ceph",
      namespace: rookNamespace,
      source: chartSource("rook-ceph", config.charts),
      values: operatorValues,
    },
    drivers: {
      release: "ceph-csi-drivers",
      namespace: rookNamespace,
      source: chartSource("ceph-csi-drivers", config.charts),
      values: driverValues,
    },
    cluster: cephCluster(storage, zones),
    pool: blockPool(storage),
    storageClass: blockStorageClass(storage),
    protect: !storage.deleteData,
  };
}

const operatorValues = {
  crds: { enabled: true },
  priorityClassName: "system-cluster-critical",
  resources: { requests: { cpu: "200m", memory: "128Mi" }, limits: { memory: "512Mi" } },
};

const driverValues = {
  operatorConfig: {
    namespace: rookNamespace,
    driverSpecDefaults: {
      imageSet: { name: "rook-csi-operator-image-set-configmap" },
      nodePlugin: { priorityClassName: "system-node-critical" },
      controllerPlugin: { priorityClassName: "system-cluster-critical", replicas: 2 },
    },
  },
  drivers: {
    rbd: { enabled: true, name: `${rookNamespace}.rbd.csi.ceph.com` },
    cephfs: { enabled: false, name: `${rookNamespace}.cephfs.csi.ceph.com` },
    nfs: { enabled: false, name: `${rookNamespace}.nfs.csi.ceph.com` },
  },
};
