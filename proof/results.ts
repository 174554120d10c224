import type { Outcome } from "./claim.ts";
import type { DomainId, DomainKind, Unknown } from "./model.ts";

export type Verdict = "proven" | "refuted" | "unknown" | "not-applicable";

/** Which failures: one at rest, two at rest, one while a machine is rolled. */
export type FailureSet = "single" | "pair" | "roll";

export const failureSets: readonly FailureSet[] = ["single", "pair", "roll"];

export interface CounterExample {
  /** Names of what fails, e.g. ["zone eu-west-1b"]. */
  failures: string[];
  /** The same as domains of the model. */
  domains: DomainId[];
  /** "losing eu-west-1b takes etcd-1 and etcd-3: 1 of 3 voters left, 2 needed". */
  sentence: string;
  /** The config change that would make the claim hold here. */
  fix: string;
}

export interface SetResult {
  verdict: Verdict;
  /** Classes of failures tried, and the number of real failures they stand for. */
  classes: number;
  failures: number;
  /** Real failures for which the claim holds. */
  held: number;
  /** Smallest first. */
  counterExamples: CounterExample[];
  /** What could not be judged. */
  unknown: Unknown[];
  notes: string[];
}

export interface ClaimResult {
  id: string;
  title: string;
  notApplicable: string | undefined;
  sets: Record<FailureSet, SetResult>;
}

/** One single failure and what every claim says of it. */
export interface FailureResult {
  domain: DomainId;
  kind: DomainKind;
  name: string;
  /** All domains whose loss has the same effect, this one included. */
  like: DomainId[];
  /** How many of them differ in what they take. */
  size: number;
  bound: boolean;
  /** Everything that goes with it. */
  takes: DomainId[];
  outcomes: Record<string, Outcome>;
}

export interface Requirement {
  claim: string;
  set: FailureSet;
}

export interface Proof {
  claims: ClaimResult[];
  failures: FailureResult[];
  /** What no arrangement inside one stack survives: the region, a segment that carries everything. */
  bounds: CounterExample[];
  required: Requirement[];
  /** Required claims that are refuted, and required claims that nothing proves. */
  refuted: Requirement[];
  unproven: Requirement[];
  /** Names of what is already lost; empty unless in recovery mode. */
  alreadyLost: string[];
  /** How each claim stands with only that lost. */
  now: Record<string, Outcome>;
}
