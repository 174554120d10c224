import { addressesPerPrefix } from "../aws.ts";
import { parseCidr } from "../cidr.ts";
import type { Finding } from "../errors.ts";
import type { PoolConfig } from "../schema.ts";
import { privatePrefix, reservedPerSubnet } from "../vpcLayout.ts";
import { fewestZones } from "./zones.ts";

interface Pools {
  zones: string[];
  pools: Record<string, PoolConfig>;
}

/** A cluster runs its add-ons somewhere. */
export function somePool({ pools }: Pick<Pools, "pools">): Finding[] {
  if (Object.keys(pools).length > 0) return [];
  return [
    {
      key: "pools",
      value: pools,
      remedy: "Add a pool.",
      rule: "Without a node, DNS and the storage driver have no place to run.",
    },
  ];
}

/** EKS: letters of a node group's name. Pulumi adds a hyphen and seven random ones to ours. */
const longestGroupName = 63;
const randomSuffix = 8;

/** Node groups are named after cluster, pool and zone; all of that must fit. */
export function nodeGroupNames({ name, zones, pools }: Pools & { name: string }): Finding[] {
  const zoneLength = Math.max(0, ...zones.map((zone) => zone.length));
  const room = longestGroupName - randomSuffix - name.length - zoneLength - 2;
  return Object.keys(pools)
    .filter((pool) => pool.length > room)
    .map((pool) => ({
      key: `pools.${pool}`,
      value: undefined,
      remedy: `Shorten it to ${Math.max(1, room)}, or the cluster's name.`,
      rule: `Its node groups' names would have more than EKS's ${longestGroupName} characters.`,
    }));
}

/** Zones of the cluster, counts in order, and enough left when a zone is lost. */
export function poolCounts({ zones, pools }: Pools): Finding[] {
  return Object.entries(pools).flatMap(([name, pool]) => [
    ...ownZones(`pools.${name}.zones`, pool, zones),
    ...countOrder(`pools.${name}.nodesPerZone`, pool.nodesPerZone),
    ...zoneLoss(`pools.${name}`, pool, new Set(zones).size),
  ]);
}

function ownZones(key: string, { zones: own }: PoolConfig, zones: readonly string[]): Finding[] {
  if (own === undefined) return [];
  if (own.length === 0 || new Set(own).size < own.length)
    return [
      {
        key,
        value: own,
        remedy: "Name each zone once, or leave the key out for all zones.",
        rule: "A pool stands in one zone or more, with one node group in each.",
      },
    ];
  const foreign = own.filter((zone) => !zones.includes(zone));
  if (foreign.length === 0) return [];
  return [
    {
      key,
      value: foreign,
      remedy: `Use some of ${zones.join(", ")}.`,
      rule: "A pool stands in zones of its cluster.",
    },
  ];
}

function countOrder(key: string, counts: PoolConfig["nodesPerZone"]): Finding[] {
  const { min, desired, max } = counts;
  const rule = "AWS takes counts only in that order.";
  if (min < 0 || max < 1 || max > mostNodesPerGroup)
    return [
      {
        key,
        value: counts,
        remedy: `Use 0 or more for min and 1 to ${mostNodesPerGroup} for max.`,
        rule: "EKS takes no other size of a node group.",
      },
    ];
  if (min <= desired && desired <= max) return [];
  return [{ key, value: counts, remedy: "Make min <= desired <= max.", rule }];
}

/** EKS service quota, "Nodes per managed node group". */
const mostNodesPerGroup = 450;

function zoneLoss(key: string, pool: PoolConfig, zones: number): Finding[] {
  const { minNodes, nodesPerZone } = pool;
  if (minNodes < 0)
    return [
      {
        key: `${key}.minNodes`,
        value: minNodes,
        remedy: "Use 0 or more.",
        rule: "It is a number of nodes.",
      },
    ];
  const left = nodesPerZone.min * (zones - 1);
  // What a pool in chosen zones survives is for the proof to say.
  if (pool.zones !== undefined) return [];
  // Fewer zones are reported on their own.
  if (zones < fewestZones || left >= minNodes) return [];
  return [
    {
      key: `${key}.minNodes`,
      value: minNodes,
      remedy: `Raise nodesPerZone.min to ${Math.ceil(minNodes / (zones - 1))}, or lower minNodes to ${left}.`,
      rule: `Of ${zones} zones with ${nodesPerZone.min} nodes each, the loss of one leaves only ${left}.`,
    },
  ];
}

/** Root volumes that EC2 offers and that hold an operating system and images. */
export function poolVolumes({ pools }: Pick<Pools, "pools">): Finding[] {
  return Object.entries(pools)
    .filter(([, pool]) => pool.volumeGiB < 20 || pool.volumeGiB > 16384)
    .map(([name, pool]) => ({
      key: `pools.${name}.volumeGiB`,
      value: pool.volumeGiB,
      remedy: "Use 20 to 16384.",
      rule: "Less than 20 GiB fills up with images; gp3 ends at 16 TiB.",
    }));
}

/**
 * Room in each zone's private subnet for every pool at its largest, one node more per pool for
 * updates: a node takes its own address and whole prefixes for its pods, one of them kept warm.
 */
export function poolAddresses({
  network,
  pools,
}: Pick<Pools, "pools"> & { network: { cidr: string } }): Finding[] {
  const vpc = parseCidr(network.cidr);
  if (vpc === undefined || vpc.prefix > 20) return [];
  const needed = Object.values(pools).reduce((sum, pool) => {
    const prefixes = Math.ceil(pool.podsPerNode / addressesPerPrefix) + 1;
    return sum + (pool.nodesPerZone.max + 1) * (1 + prefixes * addressesPerPrefix);
  }, controlPlaneAddresses);
  const bits = privatePrefix(vpc.prefix);
  if (needed <= 2 ** (32 - bits) - reservedPerSubnet) return [];
  const fitting = 32 - Math.ceil(Math.log2(needed + reservedPerSubnet));
  const vpcBits = fitting - privatePrefix(0);
  return [
    {
      key: "network.cidr",
      value: network.cidr,
      remedy:
        vpcBits >= 16
          ? `Use a /${vpcBits} or larger, or smaller nodesPerZone.max or podsPerNode.`
          : "Lower nodesPerZone.max or podsPerNode.",
      rule: `Each zone's private subnet is a /${bits}, and the pools at their largest take ${needed} addresses there.`,
    },
  ];
}

/** Load balancers, endpoints and the control plane's interfaces beside the nodes. */
const controlPlaneAddresses = 32;
