/**
 * The cluster's priorities: who may take whose place when machines are lost. Kubernetes' own
 * system-cluster-critical (2,000,000,000) and system-node-critical stand above all of them.
 */
export interface PriorityPlan {
  value: number;
  description: string;
  /** "Never": waits for room and takes nobody's. */
  preemption: "PreemptLowerPriority" | "Never";
  /** What pods get that name none. */
  isDefault: boolean;
}

export type PriorityName = "quorum-platform" | "quorum-service" | "quorum-default" | "quorum-batch";

export const priorities: Readonly<Record<PriorityName, PriorityPlan>> = {
  "quorum-platform": {
    value: 1_000_000,
    description: "What other workloads need: storage, ingress, monitoring.",
    preemption: "PreemptLowerPriority",
    isDefault: false,
  },
  "quorum-service": {
    value: 100_000,
    description: "What users wait for.",
    preemption: "PreemptLowerPriority",
    isDefault: false,
  },
  "quorum-default": {
    value: 10_000,
    description: "Everything that says nothing.",
    preemption: "PreemptLowerPriority",
    isDefault: true,
  },
  "quorum-batch": {
    value: 1_000,
    description: "Can wait, and goes first; takes nobody's place.",
    preemption: "Never",
    isDefault: false,
  },
};

/** The PriorityClass objects of a cluster. */
export function priorityClasses() {
  return Object.entries(priorities).map(([name, plan]) => ({
    apiVersion: "scheduling.k8s.io/v1" as const,
    kind: "PriorityClass" as const,
    metadata: { name },
    value: plan.value,
    description: plan.description,
    preemptionPolicy: plan.preemption,
    // The API server drops a "false", which a later preview would then show as a change.
    ...(plan.isDefault ? { globalDefault: true } : {}),
  }));
}
