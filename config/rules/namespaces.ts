import type { NamespaceConfig } from "../clusterLayer.ts";
import type { Finding } from "../errors.ts";

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names that Kubernetes takes and does not use itself, and quotas that admit pods at all. */
export function namespaces(config: { namespaces: Record<string, NamespaceConfig> }): Finding[] {
  return Object.entries(config.namespaces).flatMap(([name, settings]) => [
    ...namespaceName(`namespaces.${name}`, name),
    ...countedWithDefaults(name, settings),
  ]);
}

/** A namespace that the stack may make. */
export function namespaceName(key: string, name: string): Finding[] {
  if (label.test(name) && !name.startsWith("kube-") && name !== "default") return [];
  return [
    {
      key,
      value: undefined,
      remedy: "Use another name.",
      rule: 'A namespace is a DNS label of at most 63 characters; "kube-" and "default" are taken.',
    },
  ];
}

function countedWithDefaults(name: string, { quota, containers }: NamespaceConfig): Finding[] {
  const counted = quota?.cpus !== undefined || quota?.memoryGiB !== undefined;
  if (!counted || containers !== undefined) return [];
  return [
    {
      key: `namespaces.${name}.containers`,
      value: undefined,
      remedy: "Set defaultCpuMilli and defaultMemoryMiB.",
      rule: "A quota of CPU or memory refuses every pod without requests.",
    },
  ];
}
