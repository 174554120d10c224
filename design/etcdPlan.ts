import type { HostsConfig } from "../config/schema.ts";

export interface EtcdMemberPlan {
  /** Member name, which is the machine's name. */
  name: string;
  /** IPv4 address: in the URLs and in the certificates. */
  address: string;
}

/** The external etcd cluster and who talks to it. */
export interface EtcdPlan {
  clusterName: string;
  /** By name; the order is the same on every machine. */
  members: EtcdMemberPlan[];
  /** Addresses that may hold a copy of the marker "initialized" besides the members. */
  markerHolders: string[];
  dataDir: string;
  quotaBytes: number;
  snapshots: { intervalMinutes: number; keep: number };
}

const bytesPerGiB = 1024 ** 3;

/** The etcd cluster of a stack of platform "hosts". */
export function etcdPlan(config: HostsConfig): EtcdPlan {
  const hosts = Object.entries(config.hosts).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    clusterName: config.name,
    members: hosts
      .filter(([, host]) => host.roles.includes("etcd"))
      .map(([name, host]) => ({ name, address: host.address })),
    markerHolders: hosts
      .filter(([, { roles }]) => roles.includes("control-plane") && !roles.includes("etcd"))
      .map(([, host]) => host.address),
    dataDir: config.etcd.dataDir,
    quotaBytes: config.etcd.quotaGiB * bytesPerGiB,
    snapshots: config.etcd.snapshots,
  };
}
