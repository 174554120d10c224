import { encodeMasked, unknownValue } from "../embedded/propertyCodec.ts";
import type { Outputs, Value } from "../embedded/value.ts";

/** Stack outputs, one a line, secrets masked and unknowns named. */
export function outputLines(outputs: Outputs): string[] {
  const keys = Object.keys(outputs).toSorted();
  if (keys.length === 0) return [];
  const width = Math.max(...keys.map((key) => key.length));
  return [
    "Outputs:",
    ...keys.map((key) => `    ${key.padEnd(width)}: ${outputText(outputs[key] as Value)}`),
  ];
}

/** Longest text that is shown whole; certificates and kubeconfigs are looked up, not read here. */
const longestText = 300;

/** One output as JSON; long texts in it are cut unless `whole`. */
export function outputText(value: Value, whole = false): string {
  return JSON.stringify(encodeMasked(value), whole ? undefined : cutText, 2)
    .replaceAll(JSON.stringify(unknownValue), "output<unknown>")
    .replaceAll("\n", "\n    ");
}

function cutText(_key: string, value: unknown): unknown {
  if (typeof value !== "string" || value.length <= longestText) return value;
  return `${value.slice(0, longestText)}… (${value.length} characters)`;
}
