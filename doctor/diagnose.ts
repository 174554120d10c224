import type { Cluster } from "./cluster.ts";
import type { Diagnosis, Finding } from "./finding.ts";
import { budgets } from "./rules/budgets.ts";
import { capacity } from "./rules/capacity.ts";
import { controlPlane } from "./rules/controlPlane.ts";
import { nodes } from "./rules/nodes.ts";
import { barePods, replicas } from "./rules/replicas.ts";
import { requests } from "./rules/requests.ts";
import type { Patient, Rule } from "./rules/rule.ts";
import { spread } from "./rules/spread.ts";
import { volumes } from "./rules/volumes.ts";
import { webhooks, webhooksOf } from "./rules/webhooks.ts";
import { Places, workloadsOf } from "./workload.ts";

const rules: readonly Rule[] = [
  controlPlane,
  nodes,
  webhooks,
  replicas,
  barePods,
  spread,
  volumes,
  budgets,
  capacity,
  requests,
];

/** What in a running cluster would not survive a zone, a node or a drain, and why. Pure. */
export function diagnose(cluster: Cluster): Diagnosis {
  const { workloads, bare } = workloadsOf(cluster);
  const places = new Places(cluster);
  const serving = workloads.filter(({ role }) => role === "replicas");
  const patient: Patient = { cluster, places, workloads, serving, bare };
  const verdicts = rules.map((rule) => rule(patient));
  return {
    looked: {
      nodes: cluster.nodes.length,
      zones: places.zones.length,
      workloads: serving.length,
      pods: cluster.pods.length,
      webhooks: webhooksOf(patient).length,
    },
    findings: verdicts.flatMap(({ findings }) => findings).toSorted(bySeverity),
    accepted: verdicts.flatMap(({ accepted }) => accepted ?? []),
    unknown: verdicts.flatMap(({ unknown }) => unknown ?? []),
  };
}

/** What happens as things stand first; otherwise in the order of the rules. */
function bySeverity(a: Finding, b: Finding): number {
  return Number(a.certainty === "luck") - Number(b.certainty === "luck");
}
