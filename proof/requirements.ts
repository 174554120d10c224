import { claims } from "./claims/index.ts";
import { at, textsIn } from "./read.ts";
import { failureSets, type Requirement } from "./results.ts";

/** An entry of `proof.require` or `--require` that names no claim or no set of failures. */
export class RequirementError extends Error {}

/**
 * What the stack itself requires: `quorum:proof` in the configuration that a preview carries.
 * @returns entries for `requirementsOf`; none when the stack says nothing.
 */
export function requiredByStack(preview: unknown): string[] {
  const text = at(preview, "config", "quorum:proof");
  if (typeof text !== "string") return [];
  try {
    return textsIn(at(JSON.parse(text), "require")) ?? [];
  } catch {
    return [];
  }
}

/**
 * Required claims from texts such as "etcd-quorum", "etcd-quorum:pair" or "all:roll"; without a set,
 * single failures.
 * @returns undefined for an empty list, which means the default: every claim, single failures.
 * @throws RequirementError that lists every entry that is wrong.
 */
export function requirementsOf(entries: readonly string[]): Requirement[] | undefined {
  if (entries.length === 0) return undefined;
  const wrong: string[] = [];
  const found = entries.flatMap((entry): Requirement[] => {
    const [claim = "", set = "single"] = entry.split(":");
    const known = failureSets.find((one) => one === set);
    const ids = claims.map(({ id }) => id).filter((id) => claim === "all" || id === claim);
    if (known === undefined) wrong.push(`"${entry}": "${set}" is not ${failureSets.join(", ")}`);
    if (ids.length === 0) wrong.push(`"${entry}": there is no claim "${claim}"`);
    return known === undefined ? [] : ids.map((id) => ({ claim: id, set: known }));
  });
  if (wrong.length === 0) return found;
  const names = claims.map(({ id }) => id).join(", ");
  throw new RequirementError(`${wrong.join("; ")} (claims: all, ${names})`);
}
