/** Labels and annotations that workloads and the guard agree on; one home. */

/** Selects a workload's pods, its budget and its Service. */
export const nameLabel = "app.kubernetes.io/name";

/** On a namespace: how the guard treats what does not survive there. */
export const guardLabel = "quorum.dev/guard";

/** "enforce" refuses, "warn" says so to the client, "off" is silent. */
export type GuardMode = "enforce" | "warn" | "off";

/** Annotation by which the author of a workload accepts its outage, with the reason as its value. */
export const singleReplicaWaiver = "quorum.dev/single-replica";

export const zoneKey = "topology.kubernetes.io/zone";
export const hostKey = "kubernetes.io/hostname";
