import { singleReplicaWaiver } from "../../design/workloads/labels.ts";
import { plural } from "../../proof/claim.ts";
import type { Finding } from "../finding.ts";
import { isReady, podName, type Workload } from "../workload.ts";
import type { Patient, Verdicts } from "./rule.ts";

/** One replica is down whenever its machine is; none that is ready serves nobody. */
export function replicas({ serving, places }: Patient): Verdicts {
  const findings: Finding[] = [];
  const accepted: Finding[] = [];
  for (const workload of serving) {
    if (workload.replicas === 1)
      (workload.waived ? accepted : findings).push(single(workload, places.of(workload.pods)));
    else if (workload.replicas > 1 && !workload.pods.some(isReady))
      findings.push({
        rule: "not-ready",
        subject: workload.subject,
        losses: ["zone", "node", "drain"],
        certainty: "now",
        because: `none of its ${plural(workload.replicas, "replica")} is ready`,
        fix: `find out why: kubectl describe pods --namespace ${workload.namespace}`,
      });
  }
  return { findings, accepted };
}

function single(
  { subject }: Workload,
  { nodes, zones }: { nodes: string[]; zones: string[] },
): Finding {
  const zone = zones[0] ? ` in zone ${zones[0]}` : "";
  const where = nodes[0] === undefined ? "has no machine yet" : `is on ${nodes[0]}${zone}`;
  return {
    rule: "single-replica",
    subject,
    losses: ["zone", "node", "drain"],
    certainty: "now",
    because: `its only replica ${where}`,
    fix: `run two or more, or accept the outage: annotation ${singleReplicaWaiver}: accepted`,
  };
}

/** What has no controller is made again by nobody, and a drain refuses or loses it. */
export function barePods({ bare }: Patient): Verdicts {
  const verdict = bare.map(({ pod, waived }): { waived: boolean; finding: Finding } => ({
    waived,
    finding: {
      rule: "bare-pod",
      subject: `Pod ${podName(pod)}`,
      losses: ["zone", "node", "drain"],
      certainty: "now",
      because: "it has no controller, so nobody makes it again",
      fix: "let a Deployment, a StatefulSet or a Job make it",
    },
  }));
  return {
    findings: verdict.filter(({ waived }) => !waived).map(({ finding }) => finding),
    accepted: verdict.filter(({ waived }) => waived).map(({ finding }) => finding),
  };
}
