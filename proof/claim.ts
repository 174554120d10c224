import type { DomainId, Model, Unknown } from "./model.ts";
import type { Survivors } from "./survivors.ts";

/** What a claim says of one combination of failures. */
export type Outcome =
  | {
      verdict: "proven";
      /** Why, when it is not plain from the claim, e.g. a provider's promise. */
      note?: string;
    }
  | {
      verdict: "refuted";
      /** Follows "losing X takes", e.g. "etcd-1 and etcd-3"; empty when nothing of the kind was lost. */
      takes: string[];
      /** What is left, e.g. "1 of 3 voters left, 2 needed". */
      left: string;
      /** The config change that would make it hold. */
      fix: string;
      /** Wrong with nothing lost: no failure is to blame. */
      atRest?: true;
    }
  | ({ verdict: "unknown" } & Unknown);

/** A claim made ready for one model; called once per combination of failures. */
export type Check = (survivors: Survivors) => Outcome;

/**
 * The same for a roll, where it matters which of two things failed and which is being drained.
 * @param failed what is lost, with the survivors of that alone.
 * @param rolled machine that is drained after it.
 */
export type RollCheck = (failed: DomainId, survivors: Survivors, rolled: DomainId) => Outcome;

export interface Claim {
  /** Kebab-case; the name used in `proof.require` and in gaps of the model. */
  id: string;
  /** "plan": does not depend on what fails, asked once. Default: asked for every failure. */
  scope?: "plan";
  /** True: not among the claims that are required by default. */
  reportOnly?: true;
  /** What is claimed, as a sentence without a full stop. */
  title: string;
  /**
   * Work that does not depend on the failure is done here.
   * @returns the check, or why the claim does not apply to this model.
   */
  prepare(model: Model): Check | { notApplicable: string };
  /** Asked for every failure during a roll instead of the check, which is for the cluster at rest. */
  prepareRoll?(model: Model): RollCheck;
}

export const proven: Outcome = { verdict: "proven" };

export function refuted(takes: string[], left: string, fix: string): Outcome {
  return { verdict: "refuted", takes, left, fix };
}

/** @param remedy what would make it known; every unknown has one. */
export function unknownBecause(why: string, remedy: string): Outcome {
  return { verdict: "unknown", why, remedy };
}

/** "a", "a and b", "a, b and c", "a, b and 7 more". */
export function enumerate(names: readonly string[], most = 4): string {
  if (names.length > most) {
    return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
  }
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
