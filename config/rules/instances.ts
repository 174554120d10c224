import { closest } from "fastest-levenshtein";
import { instanceTypes, maxPods } from "../aws.ts";
import type { Finding } from "../errors.ts";
import type { PoolConfig } from "../schema.ts";

/** Known instance types of the pool's architecture that carry the pods asked for. */
export function instances({ pools }: { pools: Record<string, PoolConfig> }): Finding[] {
  return Object.entries(pools).flatMap(([name, pool]) => [
    ...podDensity(`pools.${name}`, pool),
    ...typeList(`pools.${name}.instanceTypes`, pool),
    ...pool.instanceTypes.flatMap((type, index) =>
      instanceType(`pools.${name}.instanceTypes[${index}]`, type, pool),
    ),
  ]);
}

function typeList(key: string, { instanceTypes: types }: PoolConfig): Finding[] {
  if (types.length > 0 && types.length <= 20 && new Set(types).size === types.length) return [];
  return [
    {
      key,
      value: types,
      remedy: "List 1 to 20 different types.",
      rule: "EKS takes no other number for a node group.",
    },
  ];
}

function podDensity(key: string, { podsPerNode }: PoolConfig): Finding[] {
  if (podsPerNode >= fewestPods && podsPerNode <= 250) return [];
  return [
    {
      key: `${key}.podsPerNode`,
      value: podsPerNode,
      remedy: `Use ${fewestPods} to 250.`,
      rule: "The add-ons of every node take some; EKS ends at 250.",
    },
  ];
}

/** Pods of our add-ons on one node, with room for one more. */
const fewestPods = 10;

function instanceType(key: string, name: string, pool: PoolConfig): Finding[] {
  const type = instanceTypes.get(name);
  if (type === undefined)
    return [
      {
        key,
        value: name,
        remedy: `Use a known type, e.g. "${closest(name.slice(0, 40), [...instanceTypes.keys()])}".`,
        rule: "Only types in config/aws.ts have a known architecture and pod limit.",
      },
    ];
  const findings: Finding[] = [];
  if (type.architecture !== pool.architecture)
    findings.push({
      key,
      value: name,
      remedy: `Use a type with ${pool.architecture}, or change the pool's architecture.`,
      rule: `It is ${type.architecture}; the pool's image would not start on it.`,
    });
  if (maxPods(type) < pool.podsPerNode)
    findings.push({
      key,
      value: name,
      remedy: `Use a larger type, or podsPerNode of ${maxPods(type)} at most.`,
      rule: `It can run ${maxPods(type)} pods, and ${pool.podsPerNode} are asked.`,
    });
  return findings;
}
