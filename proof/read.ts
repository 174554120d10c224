/** Typed reading of input values that may be missing, unknown or secret. All return `undefined` then. */

export function textIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function numberIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function textsIn(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === "string")
    ? value
    : undefined;
}

export function listIn(value: unknown): unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** A list's items; none when there is no list. */
export function entriesIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Value at a path of keys, e.g. `at(inputs, "spec", "template")`. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let current: unknown = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}

/** String-to-string map, e.g. labels; other entries are dropped. */
export function labelsIn(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => {
      return typeof entry[1] === "string";
    }),
  );
}

const binary: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
const decimal: Record<string, number> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, m: 1e-3 };

/** Kubernetes quantity ("250m", "1Gi", 2) as a plain number. */
export function quantityIn(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const match = /^([0-9.]+)([KMGT]i|[kMGTm])?$/.exec(textIn(value) ?? "");
  if (match?.[1] === undefined) return undefined;
  const unit = match[2];
  return Number(match[1]) * (unit === undefined ? 1 : (binary[unit] ?? decimal[unit] ?? 1));
}

/** Kubernetes count that may be a percentage of `total`; percentages round up, as Kubernetes does. */
export function countOrPercentIn(value: unknown, total: number): number | undefined {
  if (typeof value === "number") return value;
  const match = /^(\d+)%$/.exec(textIn(value) ?? "");
  return match?.[1] === undefined ? undefined : Math.ceil((total * Number(match[1])) / 100);
}
