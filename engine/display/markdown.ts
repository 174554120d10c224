import { stripVTControlCharacters } from "node:util";
import { type Difference, differences } from "../embedded/diff.ts";
import type { Step } from "../embedded/planner.ts";
import { encodeMasked, unknownValue } from "../embedded/propertyCodec.ts";
import { formatPath } from "../embedded/propertyPath.ts";
import { displayType, nameOf, rootStackType } from "../embedded/urn.ts";
import type { Value } from "../embedded/value.ts";
import { changeSummary, protectChange, shownSteps } from "./previewJson.ts";

/** Comments of code hosts are cut at this size; leave room for what the caller adds. */
const longestComment = 60_000;
const longestCell = 120;

/**
 * A preview as the body of a comment on a pull request.
 * @param violations lines of what breaks a rule, shown above the changes.
 */
export function markdownReport(
  title: string,
  steps: readonly Step[],
  violations: readonly string[] = [],
): string {
  const shown = shownSteps(steps, false).filter(
    (step) => step.operation !== "same" || protectChange(step) !== undefined,
  );
  const counts = changeSummary(steps);
  const said = ["create", "update", "replace", "delete"]
    .filter((operation) => counts[operation] !== undefined)
    .map((operation) => `**${counts[operation]}** to ${operation}`);
  const what =
    said.length > 0 ? said.join(", ") : shown.length > 0 ? "Only protection changes" : "No changes";
  const rules = violations.map((line) => `- ${line}`);
  const head = [`### ${title}`, "", `${what}.`, ""];
  if (rules.length > 0) head.push("Policy violations:", "", ...rules, "");
  if (shown.length === 0) return `${head.join("\n")}\n`;
  const rows = gathered(shown);
  const lines = [...head, ...tableOf(rows.map(gatheredRow))];
  if (rows.length < shown.length) {
    const all = ["<details><summary>Every resource</summary>", "", ...tableOf(shown.map(row))];
    lines.push("", ...all, "", "</details>");
  }
  return fitted(lines);
}

/** Cut where code hosts would refuse more. What was opened is closed. */
function fitted(lines: readonly string[]): string {
  let size = 0;
  const kept = lines.filter((line) => {
    size += line.length + 1;
    return size <= longestComment;
  });
  if (kept.length < lines.length) {
    kept.push("", `… and ${lines.length - kept.length} more.`);
    const opened = (text: string) => kept.filter((line) => line.startsWith(text)).length;
    if (opened("<details>") > opened("</details>")) kept.push("", "</details>");
  }
  return `${kept.join("\n")}\n`;
}

/** A step, and what comes and goes with it because it lies below. */
interface GatheredStep {
  step: Step;
  parts: Step[];
}

/** Whole components that come or go are one row; only their roots are left. */
function gathered(steps: readonly Step[]): GatheredStep[] {
  const whole = new Map(
    steps
      .filter(({ operation }) => operation === "create" || operation === "delete")
      .filter(({ type }) => type !== rootStackType)
      .map((step) => [step.urn, step]),
  );
  const above = (step: Step): Step | undefined => {
    if (!whole.has(step.urn)) return undefined;
    const parent = whole.get((step.after ?? step.before)?.parent ?? "");
    return parent?.operation === step.operation ? (above(parent) ?? parent) : undefined;
  };
  const rows = new Map<Step, Step[]>();
  for (const step of steps) if (above(step) === undefined) rows.set(step, []);
  for (const step of steps) {
    const root = above(step);
    if (root !== undefined) rows.get(root)?.push(step);
  }
  return [...rows].map(([step, parts]) => ({ step, parts }));
}

const mostKinds = 4;

function gatheredRow({ step, parts }: GatheredStep): string {
  if (parts.length === 0) return row(step);
  const counts = Map.groupBy(parts, ({ type }) => displayType(type));
  const kinds = [...counts].map(([type, { length }]) => `${length} ${code(type)}`);
  const rest = kinds.length > mostKinds ? `, and ${kinds.length - mostKinds} other kinds` : "";
  return rowOf(step, `with ${kinds.slice(0, mostKinds).join(", ")}${rest}`);
}

function tableOf(rows: readonly string[]): string[] {
  return ["| | Resource | Name | Changes |", "|---|---|---|---|", ...rows];
}

/** The comment when the program or a resource is wrong: there is no plan to show. */
export function markdownFailure(title: string, errors: readonly string[]): string {
  const whole = stripVTControlCharacters(errors.join("\n\n"));
  const text = whole.slice(0, longestComment).replaceAll("```", "'''");
  return `### ${title}\n\nThe preview failed:\n\n\`\`\`\n${text}\n\`\`\`\n`;
}

function row(step: Step): string {
  return rowOf(step, changesOf(step).join("<br>"));
}

function rowOf(step: Step, changes: string): string {
  return `| ${step.operation} | \`${displayType(step.type)}\` | \`${nameOf(step.urn)}\` | ${changes} |`;
}

function changesOf(step: Step): string[] {
  if (step.before === undefined || step.after === undefined) return [];
  const protection = protectChange(step);
  const changes = differences(step.before.inputs, step.after.inputs).map(changeText);
  return protection === undefined ? changes : [...changes, protection];
}

function changeText(difference: Difference): string {
  const path = code(formatPath(difference.path));
  if (difference.kind === "add") return `${path} added: ${cell(difference.after)}`;
  if (difference.kind === "delete") return `${path} removed`;
  return `${path}: ${cell(difference.before)} → ${cell(difference.after)}`;
}

function cell(value: Value | undefined): string {
  const text = JSON.stringify(encodeMasked(value ?? null)).replaceAll(unknownValue, "unknown");
  return code(text.length <= longestCell ? text : `${text.slice(0, longestCell)}…`);
}

function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}
