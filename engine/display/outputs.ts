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

/** Longest output that is shown whole; certificates and kubeconfigs are looked up, not read here. */
const longestOutput = 300;

/** One output as text: JSON, whole where `whole`. */
export function outputText(value: Value, whole = false): string {
  const text = JSON.stringify(encodeMasked(value), null, 2);
  const shown =
    whole || text.length <= longestOutput
      ? text
      : `${text.slice(0, longestOutput)}… (${text.length} characters)`;
  return shown
    .replaceAll(JSON.stringify(unknownValue), "output<unknown>")
    .replaceAll("\n", "\n    ");
}
