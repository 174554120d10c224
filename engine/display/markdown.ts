import { type Difference, differences } from "../embedded/diff.ts";
import type { Step } from "../embedded/planner.ts";
import { encodeMasked, unknownValue } from "../embedded/propertyCodec.ts";
import { formatPath } from "../embedded/propertyPath.ts";
import { displayType, nameOf } from "../embedded/urn.ts";
import type { Value } from "../embedded/value.ts";
import { changeSummary, shownSteps } from "./previewJson.ts";

/** Comments of code hosts are cut at this size; leave room for what the caller adds. */
const longestComment = 60_000;
const longestCell = 120;

/** A preview as the body of a comment on a pull request. */
export function markdownReport(title: string, steps: readonly Step[]): string {
  const shown = shownSteps(steps, false).filter(({ operation }) => operation !== "same");
  const counts = changeSummary(steps);
  const said = ["create", "update", "replace", "delete"]
    .filter((operation) => counts[operation] !== undefined)
    .map((operation) => `**${counts[operation]}** to ${operation}`);
  const head = [`### ${title}`, "", said.length === 0 ? "No changes." : `${said.join(", ")}.`, ""];
  if (shown.length === 0) return `${head.join("\n")}\n`;
  const table = ["| | Resource | Name | Changes |", "|---|---|---|---|", ...shown.map(row)];
  const lines = [...head, ...table];
  let size = 0;
  const kept = lines.filter((line) => {
    size += line.length + 1;
    return size <= longestComment;
  });
  if (kept.length < lines.length) kept.push("", `… and ${lines.length - kept.length} more.`);
  return `${kept.join("\n")}\n`;
}

function row(step: Step): string {
  const changes = changesOf(step).join("<br>");
  return `| ${step.operation} | \`${displayType(step.type)}\` | \`${nameOf(step.urn)}\` | ${changes} |`;
}

function changesOf(step: Step): string[] {
  if (step.before === undefined || step.after === undefined) return [];
  return differences(step.before.inputs, step.after.inputs).map(changeText);
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
