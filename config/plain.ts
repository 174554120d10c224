import type { Finding } from "./errors.ts";

/** Deeper than any configuration; a stack overflow is not a finding. */
const deepest = 32;

/**
 * Copy any value as data: objects, lists, strings, numbers, booleans. Whatever else it holds
 * (functions, cycles, accessors that throw, too deep nesting) becomes a finding.
 */
export function plainCopy(value: unknown): { data: unknown; findings: Finding[] } {
  const findings: Finding[] = [];
  const copy = (item: unknown, path: string, depth: number): unknown => {
    if (depth > deepest) {
      findings.push(notData(path, "nested deeper than any setting."));
      return undefined;
    }
    if (typeof item === "number" && !Number.isFinite(item)) {
      findings.push(notData(path, "not a finite number."));
      return undefined;
    }
    if (
      item === null ||
      item === undefined ||
      ["string", "number", "boolean"].includes(typeof item)
    )
      return item;
    if (typeof item !== "object") {
      findings.push(notData(path, `a ${typeof item}, which no stack file can hold.`));
      return undefined;
    }
    if (Array.isArray(item))
      return Array.from(item, (entry, index) => copy(entry, `${path}[${index}]`, depth + 1));
    const entries = Object.keys(item).map((key): [string, unknown] => [
      key,
      copy((item as Record<string, unknown>)[key], path === "" ? key : `${path}.${key}`, depth + 1),
    ]);
    return Object.fromEntries(entries);
  };
  try {
    return { data: copy(value, "", 0), findings };
  } catch (error) {
    // A proxy or an accessor threw: foreign code, so its error may be anything.
    findings.push(notData("", `not readable: ${describe(error)}`));
    return { data: undefined, findings };
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : "it threw something that is no error.";
}

function notData(path: string, what: string): Finding {
  return {
    key: path,
    value: undefined,
    rule: `The value is ${what}`,
    remedy: "Use strings, numbers, true, false, lists and objects.",
  };
}
