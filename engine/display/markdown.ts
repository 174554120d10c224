import { stripVTControlCharacters } from "node:util";
import { type Difference, differences } from "../embedded/diff.ts";
import type { Step } from "../embedded/planner.ts";
import { encodeMasked, unknownValue } from "../embedded/propertyCodec.ts";
import { formatPath } from "../embedded/propertyPath.ts";
import { displayType, nameOf } from "../embedded/urn.ts";
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

/** The comment when the program or a resource is wrong: there is no plan to show. */
export function markdownFailure(title: string, errors: readonly string[]): string {
  const whole = stripVTControlCharacters(errors.join("\n\n"));
  const text = whole.slice(0, longestComment).replaceAll("```", "'''");
  return `### ${title}\n\nThe preview failed:\n\n\`\`\`\n${text}\n\`\`\`\n`;
}

function row(step: Step): string {
  const changes = changesOf(step).join("<br>");
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
