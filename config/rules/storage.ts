import type { PortworxKvdbConfig, StorageConfig } from "../clusterLayer.ts";
import type { Finding } from "../errors.ts";
import type { PoolConfig } from "../schema.ts";
import { diskPool } from "./storagePool.ts";

interface Storage {
  zones: string[];
  pools: Record<string, PoolConfig>;
  storage: StorageConfig[];
}

/** Each backend once, and every copy has a place to be. */
export function storage(config: Storage): Finding[] {
  return config.storage.flatMap((entry, index) => {
    const key = `storage[${index}]`;
    const placed =
      entry.backend === "ebs"
        ? [...singleReplica(key, entry.replicas), ...attachable(key, entry.backend, config.pools)]
        : diskPool(key, entry, config);
    return [...repeated(config.storage, index), ...placed, ...needs(key, entry, config.storage)];
  });
}

export function repeated(list: readonly { backend: string }[], index: number): Finding[] {
  const backend = list[index]?.backend;
  if (list.findIndex((entry) => entry.backend === backend) === index) return [];
  return [
    {
      key: `storage[${index}].backend`,
      value: backend,
      remedy: "Remove one of the two.",
      rule: "A backend is installed once per cluster.",
    },
  ];
}

function singleReplica(key: string, replicas: number): Finding[] {
  if (replicas === 1) return [];
  return [
    {
      key: `${key}.replicas`,
      value: replicas,
      remedy: "Use 1, and let the application replicate across zones.",
      rule: "EBS keeps a volume in one zone and cannot place copies in others.",
    },
  ];
}

/** A zonal volume is reachable while its zone has a node, so some steady pool has one in each. */
function attachable(key: string, backend: string, pools: Record<string, PoolConfig>): Finding[] {
  const steady = Object.values(pools).some(
    (pool) =>
      pool.nodesPerZone.min >= 1 &&
      pool.capacity === "on-demand" &&
      pool.taints.every((taint) => taint.effect === "PreferNoSchedule"),
  );
  if (steady) return [];
  return [
    {
      key: `${key}.backend`,
      value: backend,
      remedy: "Give one untainted on-demand pool a nodesPerZone.min of 1 or more.",
      rule: "A volume of a zone without a node can be attached nowhere.",
    },
  ];
}

/** What a backend stands on: Ceph's disks are EBS volumes, Portworx asks for a licence. */
function needs(key: string, entry: StorageConfig, list: StorageConfig[]): Finding[] {
  if (entry.backend === "rook-ceph" && !list.some(({ backend }) => backend === "ebs"))
    return [
      {
        key: `${key}.backend`,
        value: entry.backend,
        remedy: 'Add { backend: "ebs" }.',
        rule: "Ceph's disks are EBS volumes here.",
      },
    ];
  if (entry.backend === "portworx" && !entry.licensed)
    return [
      {
        key: `${key}.licensed`,
        value: entry.licensed,
        remedy: "Buy a licence and say true, or use rook-ceph.",
        rule: "Portworx is commercial software; the chart installs it without asking.",
      },
    ];
  return entry.backend === "portworx" ? ownStore(`${key}.kvdb`, entry.kvdb) : [];
}

/** Portworx's own etcd elsewhere has a majority to lose, and is reached encrypted. */
function ownStore(key: string, kvdb: PortworxKvdbConfig): Finding[] {
  if (kvdb.mode === "internal") return [];
  const findings: Finding[] = [];
  if (new Set(kvdb.endpoints).size < fewestEndpoints)
    findings.push({
      key: `${key}.endpoints`,
      value: kvdb.endpoints,
      remedy: `List ${fewestEndpoints} or more, in as many zones.`,
      rule: "A store of fewer members is lost with one of them, and every volume with it.",
    });
  kvdb.endpoints.forEach((endpoint, index) => {
    if (!/^https:\/\/[A-Za-z0-9.-]+:\d{1,5}$/.test(endpoint))
      findings.push({
        key: `${key}.endpoints[${index}]`,
        value: endpoint,
        remedy: 'Write "https://host:port".',
        rule: "It holds the keys to all volumes, so it is reached encrypted.",
      });
  });
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(kvdb.secretName))
    findings.push({
      key: `${key}.secretName`,
      value: kvdb.secretName,
      remedy: "Name a Secret of namespace portworx.",
      rule: "A Secret's name is a DNS label here.",
    });
  return findings;
}

const fewestEndpoints = 3;
