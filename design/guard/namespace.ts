import type {
  ContainerLimitsConfig,
  NamespaceConfig,
  QuotaConfig,
} from "../../config/clusterLayer.ts";
import { defaultsLabel, guardLabel } from "../workloads/labels.ts";

/** A team's namespace, by its name. */
export interface TeamNamespaceConfig extends NamespaceConfig {
  name: string;
}

/** Teams' namespaces as a list, from the stack's names and settings. */
export function teamNamespaces(namespaces: Record<string, NamespaceConfig>): TeamNamespaceConfig[] {
  return Object.entries(namespaces).map(([name, settings]) => ({ name, ...settings }));
}

/**
 * Namespace, ResourceQuota and LimitRange. A quota of CPU or memory makes requests compulsory, so it
 * comes with defaults for containers that have none.
 */
export function planNamespace(config: TeamNamespaceConfig) {
  const { name, quota, containers } = config;
  const namespace = {
    apiVersion: "v1" as const,
    kind: "Namespace" as const,
    metadata: {
      name,
      ...labelled(config),
    },
  };
  const counted = quota?.cpus !== undefined || quota?.memoryGiB !== undefined;
  if (counted && containers === undefined)
    throw new RangeError(
      `namespace ${name}: quota.cpus and quota.memoryGiB refuse pods without requests; set containers`,
    );
  return {
    namespace,
    ...(quota === undefined ? {} : { quota: resourceQuota(name, quota) }),
    ...(containers === undefined ? {} : { limits: limitRange(name, containers) }),
  };
}

function labelled({ guard, defaults }: NamespaceConfig) {
  const labels: Record<string, string> = {
    ...(guard === undefined ? {} : { [guardLabel]: guard }),
    ...(defaults === true ? { [defaultsLabel]: "apply" } : {}),
  };
  return Object.keys(labels).length === 0 ? {} : { labels };
}

function resourceQuota(namespace: string, quota: QuotaConfig) {
  const hard = {
    ...(quota.cpus === undefined ? {} : { "requests.cpu": `${quota.cpus}` }),
    ...(quota.memoryGiB === undefined ? {} : { "requests.memory": `${quota.memoryGiB}Gi` }),
    ...(quota.storageGiB === undefined ? {} : { "requests.storage": `${quota.storageGiB}Gi` }),
    ...(quota.pods === undefined ? {} : { pods: `${quota.pods}` }),
  };
  return {
    apiVersion: "v1" as const,
    kind: "ResourceQuota" as const,
    metadata: { name: "quorum", namespace },
    spec: { hard },
  };
}

function limitRange(namespace: string, limits: ContainerLimitsConfig) {
  const { defaultCpuMilli, defaultMemoryMiB, maxCpuMilli, maxMemoryMiB } = limits;
  const max = {
    ...(maxCpuMilli === undefined ? {} : { cpu: `${maxCpuMilli}m` }),
    ...(maxMemoryMiB === undefined ? {} : { memory: `${maxMemoryMiB}Mi` }),
  };
  return {
    apiVersion: "v1" as const,
    kind: "LimitRange" as const,
    metadata: { name: "quorum", namespace },
    spec: {
      limits: [
        {
          type: "Container",
          defaultRequest: { cpu: `${defaultCpuMilli}m`, memory: `${defaultMemoryMiB}Mi` },
          default: {
            memory: `${defaultMemoryMiB}Mi`,
            ...(max.cpu === undefined ? {} : { cpu: max.cpu }),
          },
          ...(Object.keys(max).length === 0 ? {} : { max }),
        },
      ],
    },
  };
}
