import type { Unknown } from "../model.ts";
import type { ClaimResult, FailureSet, Verdict } from "../results.ts";
import {
  cell,
  conclusionText,
  failureCount,
  notRequired,
  type Report,
  remedyTitle,
  setTitles,
  signs,
  unknownsOf,
} from "./report.ts";

/** Colours a line by its verdict, or not at all. */
export type Painter = (verdict: Verdict, text: string) => string;

const plain: Painter = (_verdict, text) => text;

function claimRows({ proof }: Report, paint: Painter): string[] {
  const width = Math.max(...proof.claims.map(({ title }) => title.length));
  const header = ` ${" ".repeat(width + 2)}  single   roll       pairs`;
  const rows = proof.claims.map(({ title, sets, notApplicable }) => {
    const { verdict } = sets.single;
    const counts = [sets.single, sets.roll, sets.pair].map(cell);
    const [single = "", roll = "", pair = ""] = counts;
    const tail =
      notApplicable === undefined
        ? `${single.padEnd(8)} ${roll.padEnd(10)} ${pair}`
        : `does not apply: ${notApplicable}`;
    return paint(verdict, ` ${signs[verdict]} ${title.padEnd(width)}  ${tail}`);
  });
  return [header, ...rows];
}

function example(result: ClaimResult, set: FailureSet): string[] {
  const [first] = result.sets[set].counterExamples;
  if (!first) return [];
  return [`   ${result.id}: ${first.sentence}`, `     fix: ${first.fix}`];
}

function openQuestions(claim: string, unknowns: readonly Unknown[], paint: Painter): string[] {
  return unknowns.flatMap(({ why, remedy }) => [
    paint("unknown", `   ${claim}: unknown: ${why}`),
    `     ${remedyTitle}: ${remedy}`,
  ]);
}

function required({ proof }: Report, paint: Painter): string[] {
  const lines: string[] = [];
  for (const { claim, set } of proof.refuted) {
    const result = proof.claims.find(({ id }) => id === claim);
    if (!result) continue;
    lines.push(...example(result, set).map((line) => paint("refuted", line)));
    const more = result.sets[set].failures - result.sets[set].held - 1;
    if (more > 0) lines.push(`     and ${more} more of ${result.sets[set].failures}`);
  }
  if (lines.length > 0) lines.unshift("", "Refuted:");
  const unknown: string[] = [];
  for (const one of proof.unproven)
    unknown.push(...openQuestions(one.claim, unknownsOf(proof, one), paint));
  if (unknown.length > 0) unknown.unshift("", "Unknown, so not proven:");
  return [...lines, ...unknown];
}

function reported({ proof }: Report, paint: Painter): string[] {
  return (["single", "roll", "pair"] as const).flatMap((set) => {
    const lines = [
      ...notRequired(proof, set, "refuted").flatMap((result) => example(result, set)),
      ...notRequired(proof, set, "unknown").flatMap(({ id, sets }) =>
        openQuestions(id, sets[set].unknown, paint),
      ),
    ];
    return lines.length === 0 ? [] : ["", `Not required, ${setTitles[set]}:`, ...lines];
  });
}

function transition({ findings }: Report, paint: Painter): string[] {
  if (findings.length === 0) return [];
  const lines = findings.flatMap(({ rule, sentence, fix, allowedBy }) =>
    allowedBy === undefined
      ? [paint("refuted", `   ${rule}: ${sentence}`), `     fix: ${fix}`]
      : [paint("unknown", `   ${rule}: ${sentence} (allowed by --allow ${allowedBy})`)],
  );
  return ["", "This update:", ...lines];
}

function recovery({ proof }: Report): string[] {
  if (proof.alreadyLost.length === 0) return [];
  const lines = Object.entries(proof.now).map(([claim, outcome]) => {
    if (outcome.verdict === "refuted") return `   ✘ ${claim}: ${outcome.left}`;
    return outcome.verdict === "unknown"
      ? `   ? ${claim}: ${outcome.why} (${remedyTitle}: ${outcome.remedy})`
      : `   ✔ ${claim}`;
  });
  return ["", `With ${proof.alreadyLost.join(", ")} lost:`, ...lines];
}

/** The report for a terminal. */
export function table(report: Report, paint: Painter = plain): string {
  const { proof, stack } = report;
  const counts = (["single", "roll", "pair"] as const)
    .map((set) => `${failureCount(proof, set)} ${setTitles[set]}`)
    .join(", ");
  const bounds = proof.bounds.flatMap(({ sentence, fix }) => [
    `   ${sentence}`,
    `     to lift: ${fix}`,
  ]);
  return [
    `Proof of stack ${stack}: ${counts}`,
    "",
    ...claimRows(report, paint),
    ...recovery(report),
    ...required(report, paint),
    ...transition(report, paint),
    ...reported(report, paint),
    ...(bounds.length > 0 ? ["", "Bounds of this stack, outside the proof:", ...bounds] : []),
    "",
    conclusionText(report),
  ].join("\n");
}
