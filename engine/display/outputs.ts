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

export function outputText(value: Value): string {
  const json = encodeMasked(value);
  return JSON.stringify(json, null, 2)
    .replaceAll(JSON.stringify(unknownValue), "output<unknown>")
    .replaceAll("\n", "\n    ");
}
