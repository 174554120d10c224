import { nameLabel, singleReplicaWaiver, zoneKey } from "../workloads/labels.ts";

/** A promise that workloads keep, as the API server checks it. */
export interface GuardRule {
  name: GuardRuleName;
  /** API group, version and plural names that the rule reads. */
  resources: { group: string; version: string; names: string[] };
  /** CEL; all must be true. The message says the rule and the remedy. */
  validations: { expression: string; message: string }[];
}

export type GuardRuleName = "single-replica" | "spread" | "requests" | "budget";

const workloads = { group: "apps", version: "v1", names: ["deployments", "statefulsets"] };

/** Replicas that an object asks for; the API server fills in 1 before the rule runs. */
const replicas = "(has(object.spec.replicas) ? object.spec.replicas : 1)";

const waived =
  `has(object.metadata.annotations) && "${singleReplicaWaiver}" in object.metadata.annotations && ` +
  `object.metadata.annotations["${singleReplicaWaiver}"] == "accepted"`;

const spreads =
  "has(object.spec.template.spec.topologySpreadConstraints) && " +
  "object.spec.template.spec.topologySpreadConstraints.exists(c, " +
  `c.topologyKey == "${zoneKey}" && c.whenUnsatisfiable == "DoNotSchedule")`;

const keepsApart =
  "has(object.spec.template.spec.affinity) && " +
  "has(object.spec.template.spec.affinity.podAntiAffinity) && " +
  "has(object.spec.template.spec.affinity.podAntiAffinity" +
  ".requiredDuringSchedulingIgnoredDuringExecution) && " +
  "object.spec.template.spec.affinity.podAntiAffinity" +
  `.requiredDuringSchedulingIgnoredDuringExecution.exists(t, t.topologyKey == "${zoneKey}")`;

/** 0 and "0%" say the same. */
const none = (field: string) =>
  `(has(object.spec.${field}) && (type(object.spec.${field}) == int ` +
  `? object.spec.${field} == 0 : object.spec.${field} == "0%"))`;

const all =
  '(has(object.spec.minAvailable) && type(object.spec.minAvailable) == string && object.spec.minAvailable == "100%")';

/** Rules in the order of their report. A workload scaled to nothing has nothing to lose. */
export const guardRules: readonly GuardRule[] = [
  {
    name: "single-replica",
    resources: workloads,
    validations: [
      {
        expression: `${replicas} != 1 || (${waived})`,
        message:
          "One replica is down whenever its machine is. Ask for two or more, or accept it: " +
          `annotation ${singleReplicaWaiver}: accepted.`,
      },
    ],
  },
  {
    name: "spread",
    resources: workloads,
    validations: [
      {
        expression: `${replicas} < 2 || (${spreads}) || (${keepsApart})`,
        message:
          "All replicas may stand in one zone. Add a topologySpreadConstraint over " +
          `${zoneKey} with DoNotSchedule and nodeTaintsPolicy Honor.`,
      },
    ],
  },
  {
    name: "requests",
    resources: { ...workloads, names: [...workloads.names, "daemonsets"] },
    validations: [
      {
        expression:
          "object.spec.template.spec.containers.all(c, has(c.resources) && " +
          'has(c.resources.requests) && "cpu" in c.resources.requests && ' +
          '"memory" in c.resources.requests)',
        message:
          "Without requests nobody knows whether it fits when a zone is lost. " +
          "Set resources.requests.cpu and .memory on each container.",
      },
    ],
  },
  {
    name: "budget",
    resources: { group: "policy", version: "v1", names: ["poddisruptionbudgets"] },
    validations: [
      {
        expression: `!${none("maxUnavailable")} && !${all}`,
        message:
          "This budget lets no pod go, so no machine can be drained. " +
          `Use maxUnavailable: 1 on pods of one ${nameLabel}.`,
      },
    ],
  },
];
