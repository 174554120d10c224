/**
 * What stands before every change: `up` and `destroy` ask here before they touch anything. The same
 * judgements as `quorum proof` and `quorum policy`, of the plan that is about to be carried out.
 */
import { plannedResources, violationLines, violations } from "../policy/check.ts";
import { modelOf } from "../proof/facts/index.ts";
import { type Graph, graphBefore, graphOf } from "../proof/graph.ts";
import { domainsNamed, lostDomains } from "../proof/prove.ts";
import { type Report, unknownsOf } from "../proof/report/report.ts";
import type { Requirement } from "../proof/results.ts";
import { checkTransition, type Finding, transitionRules } from "../proof/transition.ts";
import { reportOf } from "./proof.ts";

export interface GateOptions {
  /** "rule" or "rule:subject": findings that may pass, e.g. "data:snapshots" or "proof:capacity". */
  allow?: readonly string[];
  /** What is lost already (recovery): everything is said, and nothing stops the repair. */
  lost?: readonly string[];
}

export interface Judgement {
  /** What forbids the change, with its remedy; empty when it may go on. */
  refused: string[];
  /** What is wrong and passes all the same: allowed by name, advisory, or part of a repair. */
  noted: string[];
  /** How to go on all the same, for the end of a refusal. */
  hints: string[];
}

/** The rule of `--allow` for a required claim that did not hold before the update either. */
const claimRule = "proof";

const updateHints = [
  `to let one pass: --allow RULE or RULE:SUBJECT (${[...transitionRules, claimRule].join(", ")}); a mandatory policy has no such way`,
  "to repair what has lost parts: quorum up --lost NAME…, which blocks nothing",
];

/** Required claims that the plan does not prove, apart from those the transition names as lost. */
function unprovenClaims({ proof, findings }: Report): [Requirement, string][] {
  const named = new Set(
    findings.filter(({ rule }) => rule === "shrink").map(({ subject }) => subject),
  );
  const resultOf = ({ claim, set }: Requirement) =>
    proof.claims.find(({ id }) => id === claim)?.sets[set];
  const refuted = proof.refuted.map((one): [Requirement, string] => {
    const [example] = resultOf(one)?.counterExamples ?? [];
    return [one, `${one.claim} is refuted: ${example?.sentence}. Remedy: ${example?.fix}`];
  });
  const unknown = proof.unproven.flatMap((one) =>
    unknownsOf(proof, one).map(({ why, remedy }): [Requirement, string] => [
      one,
      `${one.claim} is unknown, and unknown is not proven: ${why}. Remedy: ${remedy}`,
    ]),
  );
  return [...refuted, ...unknown].filter(([{ claim }]) => !named.has(claim));
}

function sayFindings(findings: readonly Finding[], judgement: Judgement): void {
  for (const { rule, sentence, fix, allowedBy } of findings) {
    if (allowedBy === undefined) judgement.refused.push(`${rule}: ${sentence}. Remedy: ${fix}`);
    else judgement.noted.push(`allowed (--allow ${allowedBy}): ${rule}: ${sentence}`);
  }
}

function sayClaims(report: Report, allow: readonly string[], judgement: Judgement): void {
  for (const [{ claim }, sentence] of unprovenClaims(report)) {
    const entry = allow.find((one) => one === claimRule || one === `${claimRule}:${claim}`);
    if (entry === undefined) judgement.refused.push(`${claimRule}: ${sentence}`);
    else judgement.noted.push(`allowed (--allow ${entry}): ${claimRule}: ${sentence}`);
  }
}

/** Rules of the policy pack: a mandatory one has no override, an advisory one is said. */
function sayPolicy(preview: unknown, judgement: Judgement): void {
  const found = violations(plannedResources(preview));
  const lines = violationLines(found);
  found.forEach(({ level }, index) => {
    const target = level === "mandatory" ? judgement.refused : judgement.noted;
    target.push(`policy: ${lines[index]}`);
  });
}

/**
 * Of what is lost, what the plan still has: a repair may also take lost things out of it.
 * @throws UnknownDomainError for a name that neither the plan nor what stands has.
 */
function lostInPlan(preview: unknown, lost: readonly string[]): string[] {
  const graph = graphOf(preview);
  const [before, after] = [modelOf(graphBefore(graph)), modelOf(graph)];
  return lost.filter((name) => {
    const isPlanned = domainsNamed(after, name).length > 0;
    if (!isPlanned) lostDomains(before, [name]);
    return isPlanned;
  });
}

/**
 * Judges an update before it is carried out.
 * @param preview JSON of a preview with unchanged resources.
 * @throws UnknownRuleError for an `allow` entry that names no rule; UnknownDomainError for a `lost`
 * name that neither the plan nor what stands has.
 */
export function judgeUpdate(preview: unknown, options: GateOptions = {}): Judgement {
  const { allow = [], lost = [] } = options;
  const judgement: Judgement = { refused: [], noted: [], hints: updateHints };
  const ofTransition = allow.filter((entry) => entry.split(":")[0] !== claimRule);
  const stillPlanned = lost.length === 0 ? [] : lostInPlan(preview, lost);
  const report = reportOf(preview, { stack: "", allow: ofTransition, lost: stillPlanned });
  sayFindings(report.findings, judgement);
  sayClaims(report, allow, judgement);
  sayPolicy(preview, judgement);
  if (lost.length === 0) return judgement;
  return { ...judgement, refused: [], noted: [...judgement.refused, ...judgement.noted] };
}

/** A resource that a destroy would delete, as a checkpoint has it. */
export interface DoomedResource {
  urn: string;
  type: string;
  protect?: boolean;
  retainOnDelete?: boolean;
  /** Read, not managed by the stack: a destroy leaves it alone. */
  external?: boolean;
}

/** Judges the deletion of a whole stack: by the data that it would take. */
export function judgeDestroy(
  resources: readonly DoomedResource[],
  options: Pick<GateOptions, "allow"> = {},
): Judgement {
  const graph: Graph = graphOf({
    steps: resources
      .filter(({ external }) => external !== true)
      .map(({ urn, type, protect, retainOnDelete }) => ({
        op: "delete",
        urn,
        oldState: { type, protect, retainOnDelete },
      })),
  });
  const judgement: Judgement = { refused: [], noted: [], hints: [] };
  sayFindings(checkTransition(graph, { allow: options.allow ?? [] }), judgement);
  return judgement;
}

/**
 * Prints what passes and stops at what does not.
 * @throws Error that lists every reason at once.
 */
export function enforce({ refused, noted, hints }: Judgement, say: (line: string) => void): void {
  for (const line of noted) say(line);
  if (refused.length === 0) return;
  const lines = [...refused.map((line) => `  ${line}`), ...hints];
  throw new Error(["refused, nothing was changed:", ...lines].join("\n"));
}
