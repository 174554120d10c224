import type { V1PodDisruptionBudget } from "@kubernetes/client-node";
import { enumerate, plural } from "../../proof/claim.ts";
import { evictionsAllowed } from "../../proof/claims/drain.ts";
import type { Finding } from "../finding.ts";
import { selects } from "../selector.ts";
import type { Workload } from "../workload.ts";
import type { Patient, Verdicts } from "./rule.ts";

const nameOf = ({ metadata }: V1PodDisruptionBudget): string =>
  `${metadata?.namespace}/${metadata?.name}`;

/** Whether a drain ends, and whether it leaves somebody to serve. */
export function budgets({ cluster, serving }: Patient): Verdicts {
  const byNamespace = new Map<string, Workload[]>();
  for (const workload of serving) {
    const list = byNamespace.get(workload.namespace) ?? [];
    list.push(workload);
    byNamespace.set(workload.namespace, list);
  }
  const budgetsOf = new Map<Workload, V1PodDisruptionBudget[]>();
  const findings: Finding[] = [];
  for (const budget of cluster.budgets) {
    const covered = (byNamespace.get(budget.metadata?.namespace ?? "") ?? []).filter(
      ({ labels, replicas }) => replicas > 0 && selects(budget.spec?.selector, labels),
    );
    for (const one of covered) budgetsOf.set(one, [...(budgetsOf.get(one) ?? []), budget]);
    const finding = judge(budget, covered);
    if (finding !== undefined) findings.push(finding);
  }
  for (const workload of serving) {
    const finding = coverage(workload, budgetsOf.get(workload) ?? []);
    if (finding !== undefined) findings.push(finding);
  }
  return { findings };
}

function judge(budget: V1PodDisruptionBudget, covered: Workload[]): Finding | undefined {
  const replicas = covered.reduce((sum, workload) => sum + workload.replicas, 0);
  if (replicas === 0) return undefined;
  const subject = `PodDisruptionBudget ${nameOf(budget)}`;
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  const rule = { name: nameOf(budget), namespace: "", selector: undefined };
  const allowed = evictionsAllowed({ ...rule, minAvailable, maxUnavailable }, replicas);
  const names = enumerate(covered.map((one) => one.subject));
  if (allowed === 0)
    return {
      rule: "budget",
      subject,
      losses: ["drain"],
      certainty: "now",
      because: `it allows no eviction of the ${plural(replicas, "replica")} of ${names}: a drain never ends`,
      fix: replicas === 1 ? "run two replicas, or drop the budget" : "set maxUnavailable: 1",
    };
  const { disruptionsAllowed, currentHealthy, desiredHealthy, observedGeneration } =
    budget.status ?? {};
  const isCurrent = observedGeneration === budget.metadata?.generation;
  if (!isCurrent || disruptionsAllowed !== 0) return undefined;
  const always = budget.spec?.unhealthyPodEvictionPolicy === "AlwaysAllow";
  return {
    rule: "budget-now",
    subject,
    losses: ["drain"],
    certainty: "now",
    because: `${currentHealthy} pods of ${names} are healthy and ${desiredHealthy} must stay: a drain waits`,
    fix: always
      ? "repair the pods that are not ready"
      : "repair the pods that are not ready; unhealthyPodEvictionPolicy: AlwaysAllow lets those go",
  };
}

function coverage(workload: Workload, budgets: V1PodDisruptionBudget[]): Finding | undefined {
  const { subject, replicas } = workload;
  if (budgets.length > 1)
    return {
      rule: "budget-overlap",
      subject,
      losses: ["drain"],
      certainty: "now",
      because: `${plural(budgets.length, "disruption budget")} cover it: the eviction API refuses pods with more than one`,
      fix: `keep one of ${enumerate(budgets.map(nameOf))}`,
    };
  if (budgets.length > 0 || replicas < 2) return undefined;
  return {
    rule: "no-budget",
    subject,
    losses: ["drain"],
    certainty: "luck",
    because: `no disruption budget covers it: drains of several machines may take all ${plural(replicas, "replica")} at once`,
    fix: "add a PodDisruptionBudget with maxUnavailable: 1 and unhealthyPodEvictionPolicy: AlwaysAllow",
  };
}
