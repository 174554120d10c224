import type { FailureSet } from "../results.ts";
import {
  cell,
  conclusion,
  conclusionText,
  failureCount,
  notRequired,
  type Report,
  remedyTitle,
  setTitles,
  signs,
  unknownsOf,
} from "./report.ts";

const icons = { proven: "🟢", refuted: "🔴", refused: "🔴", unknown: "🟡", recovery: "🔧" };

/** Text that Markdown would read as markup is left as it is written. */
function escapeMarkup(text: string): string {
  return text.replace(/([\\`*_|<>[\]])/g, "\\$1");
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function broken({ proof, findings }: Report): string[] {
  const lines: string[] = [];
  // Said with its claim, so that no counter-example comes twice.
  const shrinks = findings.filter(({ rule, allowedBy }) => rule === "shrink" && !allowedBy);
  for (const { claim, set } of proof.refuted) {
    const [example] = proof.claims.find(({ id }) => id === claim)?.sets[set].counterExamples ?? [];
    if (!example) continue;
    const held = shrinks.some(({ subject }) => subject === claim) ? " (holds today)" : "";
    lines.push(
      `- **${claim}**${held}: ${escapeMarkup(example.sentence)}.`,
      `  Fix: ${escapeMarkup(example.fix)}.`,
    );
  }
  for (const one of proof.unproven) {
    for (const { why, remedy } of unknownsOf(proof, one)) {
      lines.push(
        `- **${one.claim}** is unknown: ${escapeMarkup(why)}.`,
        `  ${capitalised(remedyTitle)}: ${escapeMarkup(remedy)}.`,
      );
    }
  }
  for (const finding of findings) {
    if (shrinks.includes(finding)) continue;
    const { rule, sentence, fix, allowedBy } = finding;
    lines.push(
      allowedBy === undefined
        ? `- **update refused (${rule})**: ${escapeMarkup(sentence)}. Fix: ${escapeMarkup(fix)}.`
        : `- update allowed by \`--allow ${allowedBy}\`: ${escapeMarkup(sentence)}.`,
    );
  }
  return lines.length === 0 ? [] : [...lines, ""];
}

function claimTable({ proof }: Report): string[] {
  const sets: FailureSet[] = ["single", "roll", "pair"];
  const head = sets.map((set) => `${failureCount(proof, set)} ${setTitles[set]}`);
  const rows = proof.claims
    .filter(({ notApplicable }) => notApplicable === undefined)
    .map(({ title, sets: results }) => {
      const cells = sets.map((set) => `${signs[results[set].verdict]} ${cell(results[set])}`);
      return `| ${title} | ${cells.join(" | ")} |`;
    });
  return [
    "<details><summary>All claims</summary>",
    "",
    `| claim | ${head.join(" | ")} |`,
    "|---|---|---|---|",
    ...rows,
    "",
    "</details>",
    "",
  ];
}

function more(report: Report): string[] {
  const { proof } = report;
  const lines = (["single", "roll", "pair"] as const).flatMap((set) => [
    ...notRequired(proof, set, "refuted").flatMap(({ id, sets }) => {
      const [example] = sets[set].counterExamples;
      return example
        ? [
            `- ${id}, ${setTitles[set]}: ${escapeMarkup(example.sentence)}. Fix: ${escapeMarkup(example.fix)}.`,
          ]
        : [];
    }),
    ...notRequired(proof, set, "unknown").flatMap(({ id, sets }) =>
      sets[set].unknown.map(
        ({ why, remedy }) =>
          `- ${id}, ${setTitles[set]}, unknown: ${escapeMarkup(why)}. ${capitalised(remedyTitle)}: ${escapeMarkup(remedy)}.`,
      ),
    ),
  ]);
  for (const { sentence, fix } of proof.bounds) {
    lines.push(
      `- bound of the stack: ${escapeMarkup(sentence)}. To lift it: ${escapeMarkup(fix)}.`,
    );
  }
  for (const { id, notApplicable } of proof.claims) {
    if (notApplicable !== undefined)
      lines.push(`- ${id} does not apply: ${escapeMarkup(notApplicable)}.`);
  }
  if (lines.length === 0) return [];
  return ["<details><summary>Reported, not required</summary>", "", ...lines, "", "</details>", ""];
}

/** The report for a pull request: what breaks and why; everything else is folded away. */
export function markdown(report: Report): string {
  const icon = icons[conclusion(report)];
  return [
    `### ${icon} Proof of stack \`${report.stack}\`: ${conclusionText(report)}`,
    "",
    ...broken(report),
    ...claimTable(report),
    ...more(report),
  ].join("\n");
}
