import type { CephStorageConfig } from "../../../config/clusterLayer.ts";
import { storageImages } from "../../../config/versions.ts";
import { zoneKey } from "../../workloads/labels.ts";
import { rookNamespace } from "./namespace.ts";
import type { CephPlace } from "./place.ts";

/**
 * What each daemon needs, and what runs beside it: a container with each of several managers, and two pods
 * on every machine with a daemon. Source: chart rook-ceph-cluster, cephClusterSpec.resources.
 */
const resources = {
  mon: daemon("1", "1Gi", "2Gi"),
  mgr: daemon("500m", "512Mi", "1Gi"),
  osd: daemon("1", "4Gi", "4Gi"),
  "mgr-sidecar": daemon("100m", "40Mi", "100Mi"),
  crashcollector: daemon("100m", "60Mi", "60Mi"),
  exporter: daemon("50m", "50Mi", "128Mi"),
};

/** Three monitors, one pinned to each zone; two managers; disks where the plan has a place for them. */
export function cephCluster(storage: CephStorageConfig, place: CephPlace) {
  const zones = place.monitorZones;
  return {
    apiVersion: "ceph.rook.io/v1" as const,
    kind: "CephCluster" as const,
    metadata: { name: "rook-ceph", namespace: rookNamespace },
    spec: {
      cephVersion: { image: storageImages.ceph },
      dataDirHostPath: "/var/lib/rook",
      mon: {
        count: zones.length,
        allowMultiplePerNode: false,
        failureDomainLabel: zoneKey,
        zones: zones.map((name) => ({ name })),
        ...place.monitor,
      },
      mgr: { count: 2, allowMultiplePerNode: false },
      dashboard: { enabled: true, ssl: true },
      crashCollector: { disable: false },
      // Kernels before 7.0 cannot read the newer kind of key.
      security: { cephx: { csi: { keyType: "aes" } } },
      priorityClassNames: {
        mon: "system-node-critical",
        osd: "system-node-critical",
        mgr: "system-cluster-critical",
      },
      resources,
      placement: { all: { nodeAffinity: place.nodeAffinity } },
      storage: { useAllNodes: false, useAllDevices: false, ...place.storage },
      // The operator makes a ServiceMonitor, whose kind must be there.
      monitoring: { enabled: storage.alerts },
      disruptionManagement: { managePodBudgets: true, osdMaintenanceTimeout: 30 },
      skipUpgradeChecks: false,
      continueUpgradeAfterChecksEvenIfNotHealthy: false,
      upgradeOSDRequiresHealthyPGs: true,
      cleanupPolicy: {
        confirmation: storage.deleteData ? "yes-really-destroy-data" : "",
        // Asked to delete its data it must not wait for claims that nobody removes any more.
        allowUninstallWithVolumes: storage.deleteData,
      },
    },
  };
}

function daemon(cpu: string, memory: string, limit: string) {
  return { requests: { cpu, memory }, limits: { memory: limit } };
}
