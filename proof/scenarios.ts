import { type FailureClass, failurePairs } from "./failures.ts";
import type { DomainId, DomainKind, Model } from "./model.ts";

/** One combination of failures to try, and how to speak of it. */
export interface Scenario {
  domains: DomainId[];
  /** Classes of single failures that this contains; empty for a single failure. */
  contains: DomainId[];
  labels: string[];
  sentence: (takes: string, left: string) => string;
  size: number;
  weight: number;
  /** In a roll: what fails, and the machine that is drained; also the other way round if both are machines. */
  roll?: { failed: DomainId; rolled: DomainId; eitherWay: boolean };
}

/** For claims that do not depend on what fails. */
export const wholePlan: Scenario = {
  domains: [],
  contains: [],
  labels: [],
  sentence: (takes, left) => (takes === "" ? left : `${takes}: ${left}`),
  size: 1,
  weight: 0,
};

/** How reports name a failure: cloud zones by their name, other things with their kind. */
export function label({ kind, name }: { kind: DomainKind; name: string }): string {
  // "of pool-disks-a#1" is a disk or an interface of it, and has neither word to itself.
  const isPartOf = /^(of|on) /.test(name);
  const saysKind = new RegExp(`\\b${kind}\\b`).test(name);
  const speaksForItself = kind === "zone" ? name.includes("-") : saysKind && !isPartOf;
  return speaksForItself ? name : `${kind} ${name}`;
}

function join(what: string, takes: string, left: string): string {
  return takes === "" ? `${what}: ${left}` : `${what} takes ${takes}: ${left}`;
}

/** One scenario for each class of single failures. */
export function singles(classes: readonly FailureClass[]): Scenario[] {
  return classes.map((failure) => ({
    domains: [failure.domain],
    contains: [],
    labels: [label(failure)],
    sentence: (takes, left) => join(`losing ${label(failure)}`, takes, left),
    size: failure.size,
    weight: failure.weight,
  }));
}

/** Two failures at rest, and one failure while a machine is rolled. */
export function pairs(
  model: Model,
  classes: readonly FailureClass[],
  inner: readonly (readonly DomainId[])[],
): Record<"pair" | "roll", Scenario[]> {
  const found: Record<"pair" | "roll", Scenario[]> = { pair: [], roll: [] };
  for (const { first, second, domains, size } of failurePairs(classes, inner)) {
    const labels = domains.map((id) => label(model.domains[id] ?? first));
    const weight = first.weight + second.weight;
    const contains = [first.domain, second.domain];
    found.pair.push({
      domains,
      contains,
      labels,
      sentence: (takes, left) => join(`losing ${labels.join(" and ")}`, takes, left),
      size,
      weight,
    });
    const rolled = [second, first].find((failure) => failure.kind === "machine");
    if (!rolled) continue;
    const [moving, failing] = rolled === first ? labels : labels.toReversed();
    found.roll.push({
      domains,
      contains,
      labels: [`${failing}, while ${moving} is rolled`],
      sentence: (takes, left) => join(`losing ${failing} while ${moving} is rolled`, takes, left),
      size,
      weight,
      roll: {
        failed: domains[rolled === first ? 1 : 0] ?? -1,
        rolled: domains[rolled === first ? 0 : 1] ?? -1,
        eitherWay: first.kind === "machine" && second.kind === "machine",
      },
    });
  }
  return found;
}
