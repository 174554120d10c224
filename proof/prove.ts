import { loadByMachine } from "./capacityPlan.ts";
import type { Check, Claim, Outcome, RollCheck } from "./claim.ts";
import { enumerate } from "./claim.ts";
import { claims as allClaims } from "./claims/index.ts";
import { type FailureClass, failureClasses } from "./failures.ts";
import { closures, type Domain, type DomainId, type Model } from "./model.ts";
import {
  type ClaimResult,
  type CounterExample,
  type FailureSet,
  failureSets,
  type Proof,
  type Requirement,
  type SetResult,
  type Verdict,
} from "./results.ts";
import { label, pairs, type Scenario, singles, wholePlan } from "./scenarios.ts";
import { Survivors } from "./survivors.ts";

export interface ProveOptions {
  claims?: readonly Claim[];
  /** Default: every claim, single failures. */
  required?: readonly Requirement[];
  /** Domains already lost (recovery mode), as "kind name" or plain name. */
  lost?: readonly string[];
}

/** A name given as lost that the plan does not know. */
export class UnknownDomainError extends Error {}

interface Prepared {
  claim: Claim;
  check: Check | undefined;
  rollCheck: RollCheck | undefined;
  result: ClaimResult;
}

/** Counter-examples kept for each claim and set. */
const kept = 20;

function emptySet(): SetResult {
  return {
    verdict: "proven",
    classes: 0,
    failures: 0,
    held: 0,
    counterExamples: [],
    unknown: [],
    notes: [],
  };
}

function prepare(claim: Claim, model: Model): Prepared {
  const check = claim.prepare(model);
  const notApplicable = typeof check === "function" ? undefined : check.notApplicable;
  const result: ClaimResult = {
    id: claim.id,
    title: claim.title,
    notApplicable,
    sets: { single: emptySet(), pair: emptySet(), roll: emptySet() },
  };
  const applies = typeof check === "function";
  return {
    claim,
    check: applies ? check : undefined,
    rollCheck: applies ? claim.prepareRoll?.(model) : undefined,
    result,
  };
}

/** Adds one outcome to the result of a set. */
function record(set: SetResult, scenario: Scenario, outcome: Outcome, weights: number[]): void {
  set.classes += 1;
  set.failures += scenario.size;
  if (outcome.verdict === "proven") {
    set.held += scenario.size;
    if (outcome.note !== undefined && !set.notes.includes(outcome.note))
      set.notes.push(outcome.note);
    return;
  }
  if (outcome.verdict === "unknown") {
    if (set.verdict === "proven") set.verdict = "unknown";
    const { why, remedy } = outcome;
    if (!set.unknown.some((known) => known.why === why)) set.unknown.push({ why, remedy });
    return;
  }
  set.verdict = "refuted";
  const at = weights.findLastIndex((weight) => weight <= scenario.weight) + 1;
  if (at >= kept) return;
  weights.splice(at, 0, scenario.weight);
  const { labels, domains, sentence } = outcome.atRest === true ? wholePlan : scenario;
  set.counterExamples.splice(at, 0, {
    failures: labels,
    domains,
    sentence: sentence(enumerate(outcome.takes), outcome.left),
    fix: outcome.fix,
  });
  weights.length = Math.min(weights.length, kept);
  set.counterExamples.length = Math.min(set.counterExamples.length, kept);
}

/** What of the model has a name, as "etcd-1" or "zone a". */
export function domainsNamed({ domains }: Model, name: string): Domain[] {
  return domains.filter(
    (domain) => domain.name === name || `${domain.kind} ${domain.name}` === name,
  );
}

/**
 * Domains by name, as "etcd-1" or "zone a"; a machine goes before other things of its name.
 * @throws UnknownDomainError for a name that the plan does not have.
 */
export function lostDomains(model: Model, names: readonly string[]): DomainId[] {
  return names.map((name) => {
    const found = domainsNamed(model, name);
    const first = found.find(({ kind }) => kind === "machine") ?? found[0];
    if (!first)
      throw new UnknownDomainError(`"${name}" is lost, but the plan has nothing of that name`);
    return first.id;
  });
}

function outcomeOf({ check }: Prepared, survivors: Survivors): Outcome {
  return check ? check(survivors) : { verdict: "proven" };
}

/** Gaps that facts found make a claim unknown, whatever its check says, unless it is refuted. */
function applyGaps(model: Model, { result }: Prepared): void {
  for (const { claim, why, remedy } of model.gaps) {
    if (claim !== result.id) continue;
    for (const set of failureSets) {
      const found = result.sets[set];
      found.unknown.push({ why, remedy });
      if (found.verdict === "proven") found.verdict = "unknown";
    }
  }
}

function bounds(
  classes: readonly FailureClass[],
  prepared: readonly Prepared[],
  survive: (domains: DomainId[]) => Survivors,
): CounterExample[] {
  return classes
    .filter((failure) => failure.bound)
    .map((failure) => {
      const survivors = survive([failure.domain]);
      const broken = prepared.filter((one) => outcomeOf(one, survivors).verdict === "refuted");
      return {
        failures: [label(failure)],
        domains: [failure.domain],
        sentence: `losing ${label(failure)} takes the whole cluster (${broken.map(({ claim }) => claim.id).join(", ")})`,
        fix:
          failure.kind === "region"
            ? "a second stack in another region"
            : "machines and a second API address in another layer-2 segment",
      };
    });
}

/** What a claim with a check of its own for rolls says of one. */
function rollOutcome(
  { rollCheck }: Prepared,
  { roll }: Scenario,
  survive: (domains: DomainId[]) => Survivors,
): Outcome | undefined {
  if (rollCheck === undefined || roll === undefined) return undefined;
  const { failed, rolled, eitherWay } = roll;
  const outcome = rollCheck(failed, survive([failed]), rolled);
  if (!eitherWay || outcome.verdict !== "proven") return outcome;
  const reverse = rollCheck(rolled, survive([rolled]), failed);
  if (reverse.verdict !== "refuted") return reverse;
  return { ...reverse, left: `${reverse.left} (with the two changed round)` };
}

/** Single failures that refute a claim, by claim. */
type Broken = Map<string, Set<DomainId>>;

/** What a smaller failure shows already comes after what only this one shows. */
const implied = 1e9;

function runSet(
  set: FailureSet,
  scenarios: readonly Scenario[],
  prepared: readonly Prepared[],
  survive: (domains: DomainId[]) => Survivors,
  broken: Broken,
): void {
  const weights = prepared.map((): number[] => []);
  const isAsked = (one: Prepared): boolean =>
    one.claim.scope !== "plan" || (set === "roll" && one.rollCheck !== undefined);
  for (const one of prepared) {
    if (isAsked(one)) continue;
    record(one.result.sets[set], wholePlan, outcomeOf(one, survive([])), []);
  }
  for (const scenario of scenarios) {
    const survivors = survive(scenario.domains);
    prepared.forEach((one, index) => {
      if (!isAsked(one)) return;
      const outcome = rollOutcome(one, scenario, survive) ?? outcomeOf(one, survivors);
      const alone = broken.get(one.claim.id);
      const known = scenario.contains.some((id) => alone?.has(id));
      const weight = scenario.weight + (known ? implied : 0);
      record(one.result.sets[set], { ...scenario, weight }, outcome, weights[index] ?? []);
      if (set !== "single" || outcome.verdict !== "refuted") return;
      const domains = alone ?? new Set();
      for (const id of scenario.domains) domains.add(id);
      broken.set(one.claim.id, domains);
    });
  }
}

/**
 * Prove or refute every claim for every single failure, every pair, and every failure during a roll.
 * With `lost` the same is asked of what is left (recovery mode): the answer says what is left to
 * lose and is no reason to stop a repair.
 */
export function prove(model: Model, options: ProveOptions = {}): Proof {
  const prepared = (options.claims ?? allClaims).map((claim) => prepare(claim, model));
  const inner = closures(model);
  const base = lostDomains(model, options.lost ?? []);
  const survive = (domains: DomainId[]): Survivors =>
    new Survivors(model, inner, [...base, ...domains]);
  const gone = survive([]);
  const classes = failureClasses(model, inner, loadByMachine(model)).filter(
    (failure) => !gone.isLost(failure.domain),
  );
  const inScope = classes.filter((failure) => !failure.bound);
  const broken: Broken = new Map();
  runSet("single", singles(inScope), prepared, survive, broken);
  const two = pairs(model, classes, inner);
  runSet("pair", two.pair, prepared, survive, broken);
  runSet("roll", two.roll, prepared, survive, broken);
  for (const one of prepared) applyGaps(model, one);
  const results = prepared.map(({ result }) => {
    if (result.notApplicable === undefined) return result;
    for (const set of failureSets) result.sets[set].verdict = "not-applicable";
    return result;
  });
  const required =
    options.required ??
    prepared
      .filter(({ claim }) => !claim.reportOnly)
      .map(({ claim }): Requirement => ({ claim: claim.id, set: "single" }));
  const verdict = ({ claim, set }: Requirement): Verdict | undefined =>
    results.find(({ id }) => id === claim)?.sets[set].verdict;
  return {
    claims: results,
    failures: classes.map((failure) => {
      const survivors = survive([failure.domain]);
      return {
        domain: failure.domain,
        kind: failure.kind,
        name: failure.name,
        like: failure.domains,
        size: failure.size,
        bound: failure.bound,
        takes: inner[failure.domain] ?? [],
        outcomes: Object.fromEntries(
          prepared
            .filter(({ check }) => check)
            .map((one) => [one.claim.id, outcomeOf(one, survivors)]),
        ),
      };
    }),
    bounds: bounds(classes, prepared, survive),
    required: [...required],
    refuted: required.filter((one) => verdict(one) === "refuted"),
    unproven: required.filter((one) => ["unknown", undefined].includes(verdict(one))),
    alreadyLost: [...(options.lost ?? [])],
    now: Object.fromEntries(
      prepared.filter(({ check }) => check).map((one) => [one.claim.id, outcomeOf(one, gone)]),
    ),
  };
}
