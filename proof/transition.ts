/**
 * Safety of an update, read from a preview with changes: what it would do on the way, apart from
 * whether the result is good.
 */
import { modelOf } from "./facts/index.ts";
import { type Graph, graphBefore } from "./graph.ts";
import type { Model } from "./model.ts";
import { prove } from "./prove.ts";
import type { Requirement } from "./results.ts";
import { dataLoss } from "./transitions/dataLoss.ts";
import { memberLoss } from "./transitions/memberLoss.ts";
import { poolLoss } from "./transitions/poolLoss.ts";
import { shrinking } from "./transitions/shrinking.ts";

export type TransitionRule = "members" | "pool" | "shrink" | "data";

export const transitionRules: readonly TransitionRule[] = ["members", "pool", "shrink", "data"];

export interface Finding {
  rule: TransitionRule;
  /** What the finding is about, usable in `--allow rule:subject`. */
  subject: string;
  sentence: string;
  fix: string;
  /** The `--allow` that lets it pass; absent when it is refused. */
  allowedBy?: string;
}

/** Both sides of an update. */
export interface Update {
  graph: Graph;
  before: Graph;
  modelBefore: Model;
  modelAfter: Model;
}

export interface TransitionOptions {
  /** "rule" or "rule:subject", e.g. "data:prod-snapshots". */
  allow?: readonly string[];
  required?: readonly Requirement[];
}

/** A value of `--allow` that names no rule. */
export class UnknownRuleError extends Error {}

function checkAllow(allow: readonly string[]): void {
  for (const entry of allow) {
    const rule = entry.split(":")[0];
    if (transitionRules.includes(rule as TransitionRule)) continue;
    throw new UnknownRuleError(
      `--allow ${entry}: unknown rule "${rule}"; rules are ${transitionRules.join(", ")}`,
    );
  }
}

function withAllowance(finding: Finding, allow: readonly string[]): Finding {
  const entry = allow.find(
    (one) => one === finding.rule || one === `${finding.rule}:${finding.subject}`,
  );
  return entry === undefined ? finding : { ...finding, allowedBy: entry };
}

/**
 * Everything about an update that should not happen in one go. A first update, which has nothing to
 * lose, has no findings.
 * @throws UnknownRuleError for an `allow` entry that names no rule.
 */
export function checkTransition(graph: Graph, options: TransitionOptions = {}): Finding[] {
  const allow = options.allow ?? [];
  checkAllow(allow);
  const before = graphBefore(graph);
  if (before.nodes.size === 0) return [];
  const modelBefore = modelOf(before);
  const modelAfter = modelOf(graph);
  const update: Update = { graph, before, modelBefore, modelAfter };
  // Nothing is left on purpose: a destroy is judged by the data that it would take.
  const destroys = graph.changes.every(({ operation }) => operation === "delete");
  if (destroys) return dataLoss(update).map((finding) => withAllowance(finding, allow));
  const required = options.required === undefined ? {} : { required: options.required };
  return [
    ...memberLoss(update),
    ...poolLoss(update),
    ...shrinking(prove(modelBefore, required), prove(modelAfter, required)),
    ...dataLoss(update),
  ].map((finding) => withAllowance(finding, allow));
}
