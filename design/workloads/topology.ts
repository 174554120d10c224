import { hostKey, zoneKey } from "./labels.ts";

/** Label that tells the pods of one revision of a Deployment from the next. */
export const revisionLabel = "pod-template-hash";

/**
 * Spread evenly over zones, and refuse to run where that is not possible. A lost zone's machines are
 * tainted and do not count, or replacements would wait for the zone to come back.
 *
 * @param revision Count a new revision's pods alone, so that a rollout keeps the spread. Only for
 *   Deployments: the label is theirs.
 */
export function zoneSpread(matchLabels: Record<string, string>, revision: boolean) {
  return {
    maxSkew: 1,
    topologyKey: zoneKey,
    whenUnsatisfiable: "DoNotSchedule",
    nodeTaintsPolicy: "Honor",
    labelSelector: { matchLabels },
    ...(revision ? { matchLabelKeys: [revisionLabel] } : {}),
  };
}

/**
 * Keep replicas on machines of their own: "required" leaves a replica Pending where there is none,
 * "preferred" then lets two share one, so that after a lost zone capacity decides, not the rule.
 */
export function hostAntiAffinity(
  matchLabels: Record<string, string>,
  apart: "required" | "preferred",
  revision: boolean,
) {
  const term = {
    topologyKey: hostKey,
    labelSelector: { matchLabels },
    ...(revision ? { matchLabelKeys: [revisionLabel] } : {}),
  };
  return {
    podAntiAffinity:
      apart === "required"
        ? { requiredDuringSchedulingIgnoredDuringExecution: [term] }
        : {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 100, podAffinityTerm: term },
            ],
          },
  };
}

/**
 * Leave a machine that does not answer after this long. Kubernetes waits 300 s where a cluster's API
 * server cannot be set otherwise, as on EKS.
 */
export function leaveLostMachines(tolerationSeconds: number) {
  return ["not-ready", "unreachable"].map((state) => ({
    key: `node.kubernetes.io/${state}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds,
  }));
}
