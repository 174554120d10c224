import { coversPath, formatPath, type PathPart, parsePath } from "./propertyPath.ts";
import type { ProviderDiff } from "./provider.ts";
import type { Inputs, Value } from "./value.ts";
import { isMap, sameValue } from "./values.ts";

export type DiffKind =
  | "add"
  | "delete"
  | "update"
  | "add-replace"
  | "delete-replace"
  | "update-replace";

/** Differences by property path, as `pulumi preview --json` writes them. */
export type DetailedDiff = Record<string, { kind: DiffKind; inputDiff: boolean }>;

/** One differing place. */
export interface Difference {
  path: PathPart[];
  kind: "add" | "delete" | "update";
  before: Value | undefined;
  after: Value | undefined;
}

/** Every place where two property maps differ, as deep as both have the same shape. */
export function differences(before: Inputs, after: Inputs): Difference[] {
  const found: Difference[] = [];
  compareMaps(before, after, [], found);
  return found;
}

function compareMaps(before: Inputs, after: Inputs, path: PathPart[], found: Difference[]): void {
  for (const key of Object.keys(before)) {
    const here = [...path, key];
    const old = before[key] as Value;
    if (Object.hasOwn(after, key)) compare(old, after[key] as Value, here, found);
    else found.push({ path: here, kind: "delete", before: old, after: undefined });
  }
  for (const key of Object.keys(after)) {
    if (Object.hasOwn(before, key)) continue;
    found.push({ path: [...path, key], kind: "add", before: undefined, after: after[key] });
  }
}

function compare(before: Value, after: Value, path: PathPart[], found: Difference[]): void {
  if (sameValue(before, after)) return;
  if (isMap(before) && isMap(after)) {
    compareMaps(before, after, path, found);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareLists(before, after, path, found);
  } else {
    found.push({ path, kind: "update", before, after });
  }
}

function compareLists(before: Value[], after: Value[], path: PathPart[], found: Difference[]) {
  const common = Math.min(before.length, after.length);
  for (let index = 0; index < common; index++) {
    compare(before[index] as Value, after[index] as Value, [...path, index], found);
  }
  for (let index = common; index < before.length; index++) {
    found.push({ path: [...path, index], kind: "delete", before: before[index], after: undefined });
  }
  for (let index = common; index < after.length; index++) {
    found.push({ path: [...path, index], kind: "add", before: undefined, after: after[index] });
  }
}

/**
 * Comparison for kinds whose provider is not here: every difference is an update, because which
 * properties force a replacement is known to the provider alone.
 */
export function structuralDiff(before: Inputs, after: Inputs): ProviderDiff {
  const changed = new Set(differences(before, after).map(({ path }) => String(path[0])));
  return { changedKeys: [...changed], replaceKeys: [] };
}

/** Adds what the option `replaceOnChanges` asks for to a provider's answer. */
export function withReplaceOnChanges(
  diff: ProviderDiff,
  before: Inputs,
  after: Inputs,
  patterns: readonly string[],
): ProviderDiff {
  if (patterns.length === 0 || diff.changedKeys.length === 0) return diff;
  const parsed = patterns.map(parsePath);
  const forced = differences(before, after)
    .filter(({ path }) => parsed.some((pattern) => coversPath(pattern, path)))
    .map(({ path }) => String(path[0]));
  return { ...diff, replaceKeys: [...new Set([...diff.replaceKeys, ...forced])] };
}

/** Paths and kinds of everything that differs; `replaceKeys` are top-level properties. */
export function detailedDiff(
  before: Inputs,
  after: Inputs,
  replaceKeys: readonly string[],
): DetailedDiff {
  const replacing = new Set(replaceKeys);
  const result: DetailedDiff = {};
  for (const { path, kind } of differences(before, after)) {
    result[formatPath(path)] = {
      kind: replacing.has(String(path[0])) ? `${kind}-replace` : kind,
      inputDiff: true,
    };
  }
  return result;
}
