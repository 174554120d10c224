import type { Claim, Outcome } from "../claim.ts";
import { plural, proven, refuted, unknownBecause } from "../claim.ts";
import type { DisruptionBudget, Model, Workload } from "../model.ts";
import { countOrPercentIn } from "../read.ts";
import { type Allowance, drainAfterFailure } from "./drainInRoll.ts";

/** Evictions that the budget allows while every replica is healthy; undefined when not said. */
export function evictionsAllowed(budget: DisruptionBudget, replicas: number): number | undefined {
  if (budget.maxUnavailable !== undefined && budget.maxUnavailable !== null) {
    return countOrPercentIn(budget.maxUnavailable, replicas);
  }
  const kept = countOrPercentIn(budget.minAvailable ?? 1, replicas);
  return kept === undefined ? undefined : Math.max(0, replicas - kept);
}

/** Workloads by namespace and single label, so that a selector need not look at all of them. */
class LabelIndex {
  readonly #byLabel = new Map<string, Workload[]>();
  readonly #byNamespace = new Map<string, Workload[]>();

  constructor(workloads: readonly Workload[]) {
    for (const workload of workloads) {
      append(this.#byNamespace, workload.namespace, workload);
      for (const [key, value] of Object.entries(workload.labels)) {
        append(this.#byLabel, `${workload.namespace}\n${key}=${value}`, workload);
      }
    }
  }

  /** Workloads whose pods the budget covers; an empty selector covers the namespace. */
  covered({ namespace, selector }: DisruptionBudget): Workload[] {
    const labels = Object.entries(selector ?? {});
    const [first] = labels;
    if (selector === undefined) return [];
    if (!first) return this.#byNamespace.get(namespace) ?? [];
    const candidates = this.#byLabel.get(`${namespace}\n${first[0]}=${first[1]}`) ?? [];
    return candidates.filter((workload) =>
      labels.every(([key, value]) => workload.labels[key] === value),
    );
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function judge(budget: DisruptionBudget, index: LabelIndex): Outcome {
  if (budget.selector === undefined) {
    return unknownBecause(
      `the selector of disruption budget ${budget.name} is not plain labels`,
      `select its pods by matchLabels alone`,
    );
  }
  const covered = index.covered(budget);
  const replicas = covered.reduce((sum, workload) => sum + workload.replicas, 0);
  if (covered.length === 0 || replicas === 0) return proven;
  const allowed = evictionsAllowed(budget, replicas);
  if (allowed === undefined) {
    return unknownBecause(
      `the plan does not say how many evictions ${budget.name} allows`,
      `set maxUnavailable of ${budget.name} to a number or a percentage`,
    );
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

/** The eviction API refuses a pod that two budgets cover. */
function doubled(model: Model, index: LabelIndex): Outcome[] {
  const budgetsOf = new Map<Workload, string[]>();
  for (const budget of model.budgets) {
    for (const workload of index.covered(budget)) {
      budgetsOf.set(workload, [...(budgetsOf.get(workload) ?? []), budget.name]);
    }
  }
  return [...budgetsOf]
    .filter(([, budgets]) => budgets.length > 1)
    .map(([workload, budgets]) =>
      refuted(
        [],
        `${workload.name} is covered by ${plural(budgets.length, "disruption budget")}: the eviction API refuses pods with more than one`,
        `keep one of ${budgets.join(", ")}`,
      ),
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
    const index = new LabelIndex(model.workloads);
    const outcomes = [
      ...model.budgets.map((budget) => judge(budget, index)),
      ...doubled(model, index),
    ];
    const outcome =
      outcomes.find(({ verdict }) => verdict === "refuted") ??
      outcomes.find(({ verdict }) => verdict === "unknown") ??
      proven;
    return () => outcome;
  },
  prepareRoll(model) {
    const atRest = this.prepare(model);
    const numbers = new Map(model.workloads.map((workload, index) => [workload, index]));
    const index = new LabelIndex(model.workloads);
    const allowances = model.budgets.flatMap((budget): Allowance[] => {
      const covered = index.covered(budget);
      const replicas = covered.reduce((sum, workload) => sum + workload.replicas, 0);
      const evictions = evictionsAllowed(budget, replicas) ?? 0;
      if (replicas === 0 || evictions < 1) return [];
      const workloads = covered.map((workload) => numbers.get(workload) as number);
      return [{ budget: budget.name, workloads, evictions }];
    });
    const check = drainAfterFailure(model, allowances);
    return (failed, survivors, rolled) => {
      const first = typeof atRest === "function" ? atRest(survivors) : proven;
      return first.verdict === "proven" ? check(failed, survivors, rolled) : first;
    };
  },
};
