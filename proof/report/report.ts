import { plural } from "../claim.ts";
import type { Model, Unknown } from "../model.ts";
import type {
  ClaimResult,
  FailureSet,
  Proof,
  Requirement,
  SetResult,
  Verdict,
} from "../results.ts";
import type { Finding } from "../transition.ts";

/** Everything that reports are made from. */
export interface Report {
  stack: string;
  model: Model;
  proof: Proof;
  /** Findings about the update itself; empty for a first update. */
  findings: readonly Finding[];
}

export const setTitles: Record<FailureSet, string> = {
  single: "single failures",
  roll: "failures during a roll",
  pair: "pairs of failures",
};

/** What the whole report comes to. */
export type Conclusion = "proven" | "refuted" | "unknown" | "refused" | "recovery";

export function conclusion({ proof, findings }: Report): Conclusion {
  if (proof.alreadyLost.length > 0) return "recovery";
  if (proof.refuted.length > 0) return "refuted";
  if (findings.some(({ allowedBy }) => allowedBy === undefined)) return "refused";
  return proof.unproven.length > 0 ? "unknown" : "proven";
}

/** Exit code of `quorum proof`: 0 proven or recovery, 1 refuted or refused, 2 something is unknown. */
export function exitCode(report: Report): number {
  const codes = { proven: 0, recovery: 0, refuted: 1, refused: 1, unknown: 2 };
  return codes[conclusion(report)];
}

/** Required claims that apply to this plan. */
function applicable(proof: Proof): number {
  return proof.required.filter(
    ({ claim }) => proof.claims.find(({ id }) => id === claim)?.notApplicable === undefined,
  ).length;
}

const is = (count: number): string => (count === 1 ? "is" : "are");

export function conclusionText(report: Report): string {
  const { refuted, unproven, alreadyLost } = report.proof;
  switch (conclusion(report)) {
    case "proven":
      return "Every required claim is proven.";
    case "refuted":
      return `${refuted.length} of ${plural(applicable(report.proof), "required claim")} ${is(refuted.length)} refuted.`;
    case "refused":
      return "The result would hold, but this update is refused.";
    case "unknown":
      return `Nothing is refuted, but ${plural(unproven.length, "required claim")} ${is(unproven.length)} unknown, and unknown is not proven.`;
    case "recovery":
      return `Recovery: ${alreadyLost.join(", ")} already lost. This says what is left to lose and blocks nothing.`;
  }
}

export function isRequired(proof: Proof, claim: string, set: FailureSet): boolean {
  return proof.required.some((one) => one.claim === claim && one.set === set);
}

/** "17/17", or the verdict where counts say nothing. */
export function cell(result: SetResult): string {
  if (result.verdict === "not-applicable") return "-";
  return `${result.held}/${result.failures}`;
}

export const signs: Record<Verdict, string> = {
  proven: "✔",
  refuted: "✘",
  unknown: "?",
  "not-applicable": "-",
};

/** Number of failures of a set, taken from a claim that is asked for each of them. */
export function failureCount(proof: Proof, set: FailureSet): number {
  return Math.max(0, ...proof.claims.map(({ sets }) => sets[set].failures));
}

/** Claims with a verdict in a set, without those that are required there. */
export function notRequired(
  proof: Proof,
  set: FailureSet,
  verdict: "refuted" | "unknown",
): ClaimResult[] {
  return proof.claims.filter(
    ({ id, sets }) => sets[set].verdict === verdict && !isRequired(proof, id, set),
  );
}

/** Why a required claim is not known to hold, and what would make it known; at least one. */
export function unknownsOf(proof: Proof, { claim, set }: Requirement): Unknown[] {
  const found = proof.claims.find(({ id }) => id === claim)?.sets[set].unknown ?? [];
  if (found.length > 0) return found;
  return [{ why: "there is no such claim", remedy: "name another one in proof.require" }];
}

/** What a remedy begins with: it makes something known, which may then still be refuted. */
export const remedyTitle = "to make it known";
