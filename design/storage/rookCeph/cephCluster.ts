import type { RookCephStorageConfig } from "../../../config/clusterLayer.ts";
import { storageImages } from "../../../config/versions.ts";
import { poolLabel } from "../../pools.ts";
import { hostKey, zoneKey } from "../../workloads/labels.ts";
import { ebsClass } from "../ebs/ebs.ts";

/** Disks of the monitors: their store stays small. */
const monitorGiB = 10;

/** What each daemon needs. Source: chart rook-ceph-cluster, cephClusterSpec.resources. */
const resources = {
  mon: daemon("1", "1Gi", "2Gi"),
  mgr: daemon("500m", "512Mi", "1Gi"),
  osd: daemon("1", "4Gi", "4Gi"),
};

/**
 * Three monitors, one pinned to each zone; two managers; disks on EBS volumes, as many in each zone,
 * on the nodes of one pool.
 */
export function cephCluster(storage: RookCephStorageConfig, zones: readonly string[]) {
  const onPool = poolAffinity(storage.pool);
  return {
    apiVersion: "ceph.rook.io/v1" as const,
    kind: "CephCluster" as const,
    metadata: { name: "rook-ceph", namespace: "rook-ceph" },
    spec: {
      cephVersion: { image: storageImages.ceph },
      dataDirHostPath: "/var/lib/rook",
      mon: {
        count: zones.length,
        allowMultiplePerNode: false,
        failureDomainLabel: zoneKey,
        zones: zones.map((name) => ({ name })),
        volumeClaimTemplate: claim(monitorGiB),
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
      placement: { all: { nodeAffinity: onPool } },
      storage: {
        useAllNodes: false,
        useAllDevices: false,
        storageClassDeviceSets: [deviceSet(storage, zones.length, onPool)],
      },
      disruptionManagement: { managePodBudgets: true, osdMaintenanceTimeout: 30 },
      skipUpgradeChecks: false,
      continueUpgradeAfterChecksEvenIfNotHealthy: false,
      upgradeOSDRequiresHealthyPGs: true,
      cleanupPolicy: {
        confirmation: storage.deleteData ? "yes-really-destroy-data" : "",
        allowUninstallWithVolumes: false,
      },
    },
  };
}

function deviceSet(
  storage: RookCephStorageConfig,
  zones: number,
  nodeAffinity: ReturnType<typeof poolAffinity>,
) {
  const disks = (app: string) => ({
    matchExpressions: [{ key: "app", operator: "In", values: [app] }],
  });
  const overZones = (app: string) => ({
    maxSkew: 1,
    topologyKey: zoneKey,
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: disks(app),
  });
  return {
    name: "disks",
    count: zones * storage.disksPerZone,
    // The disk is an EBS volume: another node of its zone can take it on.
    portable: true,
    tuneDeviceClass: false,
    // The first pod that uses a volume decides its zone, so that one is spread.
    preparePlacement: {
      nodeAffinity,
      topologySpreadConstraints: [overZones("rook-ceph-osd-prepare")],
    },
    placement: {
      nodeAffinity,
      topologySpreadConstraints: [
        {
          ...overZones("rook-ceph-osd"),
          topologyKey: hostKey,
          whenUnsatisfiable: "ScheduleAnyway",
        },
      ],
    },
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: { ...claim(storage.diskGiB).spec, volumeMode: "Block" },
      },
    ],
  };
}

function claim(sizeGiB: number) {
  return {
    spec: {
      storageClassName: ebsClass,
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: `${sizeGiB}Gi` } },
    },
  };
}

function daemon(cpu: string, memory: string, limit: string) {
  return { requests: { cpu, memory }, limits: { memory: limit } };
}

function poolAffinity(pool: string) {
  return {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: poolLabel, operator: "In", values: [pool] }] },
      ],
    },
  };
}
