import type { PortworxStorageConfig, RookCephStorageConfig } from "../clusterLayer.ts";
import type { Finding } from "../errors.ts";
import type { PoolConfig } from "../schema.ts";

type Replicated = RookCephStorageConfig | PortworxStorageConfig;

/** Monitors, or members of Portworx's own store: the majority outlives one zone of three. */
export const quorumZones = 3;

/** Copies that must be there for a write: one less than a size of 3, so 2. */
const fewestReplicas = 3;

/** The pool exists, keeps its size, and has a machine for every copy that a zone must hold. */
export function diskPool(
  key: string,
  entry: Replicated,
  { zones, pools }: { zones: string[]; pools: Record<string, PoolConfig> },
): Finding[] {
  const pool = pools[entry.pool];
  const count = new Set(pool?.zones ?? zones).size;
  return [
    ...copies(key, entry, count),
    ...(pool === undefined
      ? [unknownPool(key, entry.pool, Object.keys(pools))]
      : [...places(key, entry, pool, count), ...steady(entry.pool, pool)]),
    ...disks(key, entry),
  ];
}

function copies(key: string, { backend, replicas }: Replicated, zones: number): Finding[] {
  const findings: Finding[] = [];
  if (zones < quorumZones)
    findings.push({
      key: `${key}.backend`,
      value: backend,
      remedy: "Use three zones or more, or EBS.",
      rule: `Of ${zones} zones one holds half of the votes or more: its loss stops ${backend}.`,
    });
  return [...findings, ...copiesApart(key, replicas, zones)];
}

/** As many copies as a write needs when one is lost, and a zone for each. */
export function copiesApart(key: string, replicas: number, zones: number): Finding[] {
  if (replicas >= fewestReplicas && replicas <= zones) return [];
  return [
    {
      key: `${key}.replicas`,
      value: replicas,
      remedy: `Use ${fewestReplicas}, or more in as many zones.`,
      rule: `Each copy stands in a zone of its own, here of ${zones}; a write needs two when one is lost.`,
    },
  ];
}

function unknownPool(key: string, pool: string, known: string[]): Finding {
  return {
    key: `${key}.pool`,
    value: pool,
    remedy: `Use one of ${known.join(", ")}, or add it.`,
    rule: "The disks stand on the nodes of a pool of the stack.",
  };
}

function places(key: string, entry: Replicated, pool: PoolConfig, zones: number): Finding[] {
  const nodes = pool.nodesPerZone.min * zones;
  if (nodes >= entry.replicas) return [];
  return [
    {
      key: `${key}.replicas`,
      value: entry.replicas,
      remedy: `Give pool ${entry.pool} a nodesPerZone.min of 1 or more.`,
      rule: `${entry.replicas} copies need as many nodes; the pool is sure of ${nodes}.`,
    },
  ];
}

/** Nodes with disks come and go by a person's decision, never the autoscaler's or a spot market's. */
function steady(name: string, pool: PoolConfig): Finding[] {
  const findings: Finding[] = [];
  const { min, desired, max } = pool.nodesPerZone;
  if (min !== desired || desired !== max)
    findings.push({
      key: `pools.${name}.nodesPerZone`,
      value: pool.nodesPerZone,
      remedy: "Make min, desired and max equal.",
      rule: "The pool carries storage, so the autoscaler must not remove its nodes.",
    });
  if (pool.capacity === "spot")
    findings.push({
      key: `pools.${name}.capacity`,
      value: pool.capacity,
      remedy: 'Use "on-demand".',
      rule: "The pool carries storage, and spot nodes of several zones may go at once.",
    });
  return findings;
}

function disks(key: string, entry: Replicated): Finding[] {
  const values = {
    diskGiB: entry.diskGiB,
    ...(entry.backend === "rook-ceph" ? { disksPerZone: entry.disksPerZone } : {}),
  };
  return Object.entries(values)
    .filter(([, value]) => value < 1)
    .map(([name, value]) => ({
      key: `${key}.${name}`,
      value,
      remedy: "Use 1 or more.",
      rule: "Data needs a disk to be on.",
    }));
}
