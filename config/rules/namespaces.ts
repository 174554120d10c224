import type { ChartsConfig, NamespaceConfig } from "../clusterLayer.ts";
import type { Finding } from "../errors.ts";

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names that Kubernetes takes and does not use itself, and quotas that admit pods at all. */
export function namespaces(config: { namespaces: Record<string, NamespaceConfig> }): Finding[] {
  return Object.entries(config.namespaces).flatMap(([name, settings]) => [
    ...named(name),
    ...countedWithDefaults(name, settings),
  ]);
}

function named(name: string): Finding[] {
  if (label.test(name) && !name.startsWith("kube-") && name !== "default") return [];
  return [
    {
      key: `namespaces.${name}`,
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

/** A place that Helm can read, and that is the same wherever the stack is run. */
export function charts({ charts: { mirror } }: { charts: ChartsConfig }): Finding[] {
  if (mirror === undefined || /^(oci:\/\/[^/]+\/.*[^/]|\/.*[^/])$/.test(mirror)) return [];
  return [
    {
      key: "charts.mirror",
      value: mirror,
      remedy: 'Use "oci://host/path" or an absolute directory, without a slash at the end.',
      rule: "Helm reads charts from an OCI registry or from files.",
    },
  ];
}
