/** Labels and annotations that workloads and the guard agree on; one home. */

/** Selects a workload's pods, its budget and its Service. */
export const nameLabel = "app.kubernetes.io/name";

/** On a namespace: "enforce" refuses what would not survive, "warn" says so, "off" is silent. */
export const guardLabel = "quorum.dev/guard";

/** On a namespace: "apply" writes into workloads what they leave out. */
export const defaultsLabel = "quorum.dev/defaults";

/** Annotation by which the author of a workload accepts its outage: "accepted". */
export const singleReplicaWaiver = "quorum.dev/single-replica";

export const zoneKey = "topology.kubernetes.io/zone";
export const hostKey = "kubernetes.io/hostname";

/**
 * Says that a machine is off: its pods are deleted at once and their volumes detached by force.
 * Source: Kubernetes "Non-graceful node shutdown handling".
 */
export const outOfServiceTaint = {
  key: "node.kubernetes.io/out-of-service",
  value: "nodeshutdown",
  effect: "NoExecute",
} as const;
