import type { HostsCephConfig, RookCephStorageConfig } from "../../../config/clusterLayer.ts";
import type { AwsConfig, HostsConfig } from "../../../config/schema.ts";
import { poolLabel } from "../../pools.ts";
import { hostKey, zoneKey } from "../../workloads/labels.ts";
import { ebsClass } from "../ebs/ebs.ts";

/** Where Ceph's daemons and disks are. */
export interface CephPlace {
  /** One monitor in each: three keep a majority when one is lost; the first, so that none moves. */
  monitorZones: string[];
  /** The monitors' own disks; nothing where they keep their store on the machine. */
  monitor: Record<string, unknown>;
  /** Machines of all daemons. */
  nodeAffinity: ReturnType<typeof nodesWith>;
  /** Disks, as the cluster's `storage` describes them. */
  storage: {
    storageClassDeviceSets?: ReturnType<typeof deviceSet>[];
    nodes?: { name: string; devices: { name: string }[] }[];
  };
}

const monitors = 3;

/** Disks of the monitors: their store stays small. */
const monitorGiB = 10;

/** On EBS volumes, as many in each zone, on the nodes of one pool. */
export function placeOnVolumes(storage: RookCephStorageConfig, { zones }: AwsConfig): CephPlace {
  const monitorZones = zones.slice(0, monitors);
  const nodeAffinity = nodesWith(poolLabel, [storage.pool]);
  return {
    monitorZones,
    monitor: { volumeClaimTemplate: claim(monitorGiB) },
    nodeAffinity,
    storage: { storageClassDeviceSets: [deviceSet(storage, monitorZones.length, nodeAffinity)] },
  };
}

/**
 * On whole disks of hosts, named one by one: a disk that nobody named is never touched. Such a disk does
 * not move, so its copies are made anew elsewhere when its host stays away.
 */
export function placeOnHosts(storage: HostsCephConfig, { hosts }: HostsConfig): CephPlace {
  const names = Object.keys(storage.disks).toSorted();
  const zones = [...new Set(names.map((name) => hosts[name]?.zone ?? ""))].toSorted();
  return {
    monitorZones: zones.slice(0, monitors),
    monitor: {},
    nodeAffinity: nodesWith(hostKey, names),
    storage: {
      nodes: names.map((name) => ({
        name,
        devices: (storage.disks[name] ?? []).map((path) => ({ name: path })),
      })),
    },
  };
}

function deviceSet(
  storage: RookCephStorageConfig,
  zones: number,
  nodeAffinity: ReturnType<typeof nodesWith>,
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

function nodesWith(key: string, values: string[]) {
  return {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key, operator: "In", values }] }],
    },
  };
}
