import type { Finding } from "../errors.ts";
import type { PoolConfig, StorageConfig } from "../schema.ts";

interface Storage {
  zones: string[];
  pools: Record<string, PoolConfig>;
  storage: StorageConfig[];
}

/** Each backend once, and every copy has a place to be. */
export function storage(config: Storage): Finding[] {
  return config.storage.flatMap((entry, index) => [
    ...repeated(config.storage, index),
    ...replicas(`storage[${index}]`, entry),
    ...attachable(`storage[${index}]`, entry, config.pools),
  ]);
}

function repeated(list: StorageConfig[], index: number): Finding[] {
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

function replicas(key: string, entry: StorageConfig): Finding[] {
  if (entry.replicas === 1) return [];
  return [
    {
      key: `${key}.replicas`,
      value: entry.replicas,
      remedy: "Use 1, and let the application replicate across zones.",
      rule: "EBS keeps a volume in one zone and cannot place copies in others.",
    },
  ];
}

/** A zonal volume is reachable while its zone has a node, so some steady pool has one in each. */
function attachable(
  key: string,
  entry: StorageConfig,
  pools: Record<string, PoolConfig>,
): Finding[] {
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
      value: entry.backend,
      remedy: "Give one untainted on-demand pool a nodesPerZone.min of 1 or more.",
      rule: "A volume of a zone without a node can be attached nowhere.",
    },
  ];
}
