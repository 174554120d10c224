import type { Claim, Outcome } from "../claim.ts";
import { plural, proven, refuted, unknownBecause } from "../claim.ts";
import type { DisruptionBudget, Model, Workload } from "../model.ts";
import { countOrPercentIn } from "../read.ts";

/** Evictions that the budget allows while every replica is healthy; undefined when not said. */
export function evictionsAllowed(budget: DisruptionBudget, replicas: number): number | undefined {
  if (budget.maxUnavailable !== undefined && budget.maxUnavailable !== null) {
    return countOrPercentIn(budget.maxUnavailable, replicas);
  }
  const kept = countOrPercentIn(budget.minAvailable ?? 1, replicas);
  return kept === undefined ? undefined : Math.max(0, replicas - kept);
}

function covers(budget: DisruptionBudget, workload: Workload): boolean {
  if (budget.namespace !== workload.namespace || budget.selector === undefined) return false;
  return Object.entries(budget.selector).every(([key, value]) => workload.labels[key] === value);
}

function judge(budget: DisruptionBudget, model: Model): Outcome {
  if (budget.selector === undefined) {
    return unknownBecause(`the selector of disruption budget ${budget.name} is not plain labels`);
  }
  const covered = model.workloads.filter((workload) => covers(budget, workload));
  const replicas = covered.reduce((sum, workload) => sum + workload.replicas, 0);
  if (covered.length === 0 || replicas === 0) return proven;
  const allowed = evictionsAllowed(budget, replicas);
  if (allowed === undefined) {
    return unknownBecause(`the plan does not say how many evictions ${budget.name} allows`);
  }
  if (allowed >= 1) return proven;
  return refuted(
    [],
    `${budget.name} allows no eviction of the ${plural(replicas, "replica")} of ${covered.map(({ name }) => name).join(", ")}: the drain never ends`,
    replicas === 1
      ? `run two replicas of ${covered[0]?.name}, or drop the budget`
      : `set maxUnavailable: 1 in ${budget.name}`,
  );
}

function doubled(workload: Workload, model: Model): Outcome {
  const budgets = model.budgets.filter((budget) => covers(budget, workload));
  if (budgets.length < 2) return proven;
  return refuted(
    [],
    `${workload.name} is covered by ${plural(budgets.length, "disruption budget")}: the eviction API refuses pods with more than one`,
    `keep one of ${budgets.map(({ name }) => name).join(", ")}`,
  );
}

export const drain: Claim = {
  id: "drain",
  scope: "plan",
  title: "a drain of any machine can finish",
  prepare(model) {
    if (model.budgets.length === 0) {
      return { notApplicable: "the plan has no disruption budgets, nothing can block a drain" };
    }
    const outcomes = [
      ...model.budgets.map((budget) => judge(budget, model)),
      ...model.workloads.map((workload) => doubled(workload, model)),
    ];
    const outcome =
      outcomes.find(({ verdict }) => verdict === "refuted") ??
      outcomes.find(({ verdict }) => verdict === "unknown") ??
      proven;
    return () => outcome;
  },
};
