import type { GuardConfig, NamespaceConfig } from "../clusterLayer.ts";
import type { Finding } from "../errors.ts";
import { hasMutatingPolicies } from "../features.ts";

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names that Kubernetes takes and does not use itself, and quotas that admit pods at all. */
export function namespaces(config: {
  namespaces: Record<string, NamespaceConfig>;
  kubernetes: { version: string };
}): Finding[] {
  const canWrite = hasMutatingPolicies(config.kubernetes.version);
  return Object.entries(config.namespaces).flatMap(([name, settings]) => [
    ...namespaceName(`namespaces.${name}`, name),
    ...countedWithDefaults(name, settings),
    ...(settings.defaults === true && !canWrite ? [noDefaults(name)] : []),
  ]);
}

/** Platform "hosts", where the guard is there only if it is asked for: labels alone do nothing. */
export function namespacesNeedGuard(config: {
  guard?: GuardConfig | undefined;
  namespaces: Record<string, NamespaceConfig>;
}): Finding[] {
  if (config.guard !== undefined) return [];
  return Object.entries(config.namespaces).flatMap(([name, settings]) =>
    (["guard", "defaults"] as const)
      .filter((key) => settings[key] !== undefined && settings[key] !== false)
      .map((key) => ({
        key: `namespaces.${name}.${key}`,
        value: settings[key],
        remedy: 'Add the key "guard" to the stack ("guard: {}" only warns), or leave this out.',
        rule: "Without the guard nothing in the cluster reads it.",
      })),
  );
}

function noDefaults(name: string): Finding {
  return {
    key: `namespaces.${name}.defaults`,
    value: true,
    remedy: "Use Kubernetes 1.36 or later, or leave it out.",
    rule: "Earlier API servers do not serve MutatingAdmissionPolicies as v1.",
  };
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
