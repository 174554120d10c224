import type { GuardConfig, GuardMode } from "../../config/clusterLayer.ts";
import { hasMutatingPolicies } from "../../config/features.ts";
import { guardLabel } from "../workloads/labels.ts";
import { planDefaults } from "./defaults.ts";
import { type GuardRule, guardRules } from "./expressions.ts";
import { systemNamespaces } from "./systemNamespaces.ts";

const namespaceName = "kubernetes.io/metadata.name";

export interface GuardArgs extends GuardConfig {
  /** Whether the API server can write defaults: Kubernetes 1.36. Default false. */
  defaults?: boolean;
}

/** The guard that a stack asks for, with the defaults where its release can write them. */
export function guardArgs(guard: GuardConfig, kubernetes: { version: string }): GuardArgs {
  return { ...guard, defaults: hasMutatingPolicies(kubernetes.version) };
}

/**
 * ValidatingAdmissionPolicies and their bindings. They run inside the API server, so there is no
 * webhook that could be down. A rule that cannot be evaluated admits: the guard must never stop a
 * cluster from being repaired.
 */
export function planGuard({ defaultMode, defaults = false }: GuardArgs) {
  return {
    defaults: defaults ? planDefaults() : { policies: [], bindings: [] },
    policies: guardRules.map(policy),
    bindings: guardRules.flatMap((rule) =>
      (["enforce", "warn"] as const).map((mode) => binding(rule, mode, mode === defaultMode)),
    ),
  };
}

function policy({ name, resources, validations }: GuardRule) {
  return {
    apiVersion: "admissionregistration.k8s.io/v1" as const,
    kind: "ValidatingAdmissionPolicy" as const,
    metadata: { name: `quorum-${name}` },
    spec: {
      failurePolicy: "Ignore",
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [resources.group],
            apiVersions: [resources.version],
            operations: ["CREATE", "UPDATE"],
            resources: resources.names,
          },
        ],
      },
      validations: validations.map((one) => ({ ...one, reason: "Invalid" })),
    },
  };
}

/** One rule in one mode: for namespaces that ask for it, and for silent ones if it is the default. */
function binding({ name }: GuardRule, mode: "enforce" | "warn", isDefault: boolean) {
  return {
    apiVersion: "admissionregistration.k8s.io/v1" as const,
    kind: "ValidatingAdmissionPolicyBinding" as const,
    metadata: { name: `quorum-${name}-${mode}` },
    spec: {
      policyName: `quorum-${name}`,
      validationActions: mode === "enforce" ? ["Deny", "Audit"] : ["Warn", "Audit"],
      matchResources: {
        namespaceSelector: {
          matchExpressions: [
            { key: namespaceName, operator: "NotIn", values: systemNamespaces },
            isDefault
              ? { key: guardLabel, operator: "NotIn", values: otherModes(mode) }
              : { key: guardLabel, operator: "In", values: [mode] },
          ],
        },
      },
    },
  };
}

/** NotIn also matches where the label is missing, which In does not. */
function otherModes(mode: GuardMode): GuardMode[] {
  return (["enforce", "warn", "off"] as const).filter((one) => one !== mode);
}
