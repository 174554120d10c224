import { differences } from "../embedded/diff.ts";
import type { Step } from "../embedded/planner.ts";
import { encodeMasked, type Json, unknownValue } from "../embedded/propertyCodec.ts";
import { formatPath } from "../embedded/propertyPath.ts";
import { displayType } from "../embedded/urn.ts";
import { Secret, type Value } from "../embedded/value.ts";
import { protectChange } from "./previewJson.ts";
import { lookOf, type Paint } from "./style.ts";

/** Longest value that is shown whole; files of machines run to many lines. */
const longestValue = 400;

/** Every step with its properties: all of them where it is created, the changed ones where it changes. */
export function diffLines(steps: readonly Step[], paint: Paint): string[] {
  return steps.flatMap((step) => [...stepLines(step, paint), ""]);
}

function stepLines(step: Step, paint: Paint): string[] {
  const { sign, format, verb } = lookOf(step.operation);
  const head = `${sign} ${displayType(step.type)}: (${verb || step.operation})`;
  return [
    paint(format, head),
    `    [urn=${step.urn}]`,
    ...(step.after?.provider === undefined ? [] : [`    [provider=${step.after.provider}]`]),
    ...protection(step),
    ...propertyLines(step, paint),
  ];
}

function protection(step: Step): string[] {
  const said = protectChange(step) ?? (step.after?.protect ? "protected" : undefined);
  return said === undefined ? [] : [`    [${said}]`];
}

function propertyLines(step: Step, paint: Paint): string[] {
  const { before, after } = step;
  if (after === undefined || step.operation === "same") return [];
  if (before === undefined) {
    return Object.keys(after.inputs).map(
      (key) => `    ${key}: ${show(after.inputs[key] as Value, "    ")}`,
    );
  }
  const replacing = new Set(step.replaceKeys);
  return differences(before.inputs, after.inputs).map((difference) => {
    const path = formatPath(difference.path);
    const forces = replacing.has(String(difference.path[0])) ? "  (forces replacement)" : "";
    if (difference.kind === "add") {
      return paint("green", `  + ${path}: ${show(difference.after ?? null, "    ")}${forces}`);
    }
    if (difference.kind === "delete") {
      return paint("red", `  - ${path}: ${show(difference.before ?? null, "    ")}${forces}`);
    }
    const change = `${show(difference.before ?? null, "    ")} => ${show(difference.after ?? null, "    ")}`;
    return paint("yellow", `  ~ ${path}: ${change}${secretNote(difference)}${forces}`);
  });
}

/** Two masked values look alike; say that they are not. */
function secretNote(difference: { before: Value | undefined; after: Value | undefined }): string {
  const both = difference.before instanceof Secret && difference.after instanceof Secret;
  return both ? "  (changed)" : "";
}

function show(value: Value, indent: string): string {
  const text = renderJson(encodeMasked(value), indent);
  return text.length <= longestValue
    ? text
    : `${text.slice(0, longestValue)}… (${text.length} characters)`;
}

function renderJson(json: Json, indent: string): string {
  if (json === unknownValue) return "output<unknown>";
  if (typeof json === "string" && json.includes(unknownValue)) {
    return JSON.stringify(json.replaceAll(unknownValue, "output<unknown>"));
  }
  if (typeof json !== "object" || json === null) return JSON.stringify(json);
  const inner = `${indent}    `;
  if (Array.isArray(json)) {
    if (json.length === 0) return "[]";
    return `[\n${json.map((item) => inner + renderJson(item, inner)).join("\n")}\n${indent}]`;
  }
  const entries = Object.entries(json);
  if (entries.length === 0) return "{}";
  return `{\n${entries.map(([key, item]) => `${inner}${key}: ${renderJson(item, inner)}`).join("\n")}\n${indent}}`;
}
