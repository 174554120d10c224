/** What the proof says that a client of the API will see, failure by failure: to be held against a real cluster. */
import { apiPath } from "./claims/apiPath.ts";
import { etcdQuorum } from "./claims/etcdQuorum.ts";
import { failureClasses, failurePairs } from "./failures.ts";
import { closures, type DomainId, type DomainKind, type Model } from "./model.ts";
import { Survivors } from "./survivors.ts";

export interface Prediction {
  /** What fails, at the same time. */
  failures: { kind: DomainKind; name: string }[];
  /** Machines that go with it. */
  machines: string[];
  /** Whether writes are acknowledged while it lasts. */
  writes: "survived" | "lost" | "unknown";
  /** What decides it, e.g. "1 of 3 voters left, 2 needed"; empty when nothing is lost. */
  because: string;
}

/** Small seeded generator: mulberry32, by Tommy Ettinger (public domain). Yields numbers in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A write needs a majority of etcd and a way to an API server. */
function predictor(model: Model): (domains: DomainId[]) => Prediction {
  const inner = closures(model);
  const checks = [etcdQuorum, apiPath].map((claim) => claim.prepare(model));
  return (domains) => {
    const survivors = new Survivors(model, inner, domains);
    const outcomes = checks.flatMap((check) =>
      typeof check === "function" ? [check(survivors)] : [],
    );
    const refuted = outcomes.find(({ verdict }) => verdict === "refuted");
    const unknown = outcomes.find(({ verdict }) => verdict === "unknown");
    const because =
      (refuted?.verdict === "refuted" && refuted.left) ||
      (unknown?.verdict === "unknown" && unknown.why) ||
      "";
    const fallback = unknown ? "unknown" : "survived";
    return {
      failures: domains.flatMap((id) => {
        const domain = model.domains[id];
        return domain ? [{ kind: domain.kind, name: domain.name }] : [];
      }),
      machines: model.domains
        .filter(({ id, kind }) => kind === "machine" && survivors.isLost(id))
        .map(({ name }) => name),
      writes: refuted ? "lost" : fallback,
      because,
    };
  };
}

/** One prediction for every single failure that differs in what it takes; bounds included. */
export function singlePredictions(model: Model): Prediction[] {
  const classes = failureClasses(model, closures(model), () => 0);
  const predict = predictor(model);
  return classes.map(({ domain }) => predict([domain]));
}

/**
 * Predictions for pairs, the same for the same seed. Half of them, as far as there are any, are pairs
 * that are predicted to be lost: survivals alone would test little.
 */
export function pairPredictions(model: Model, seed: number, count: number): Prediction[] {
  const inner = closures(model);
  const predict = predictor(model);
  const random = seeded(seed);
  const all = failurePairs(
    failureClasses(model, inner, () => 0),
    inner,
  )
    .map(({ domains }) => ({ order: random(), prediction: predict(domains) }))
    .sort((a, b) => a.order - b.order)
    .map(({ prediction }) => prediction);
  const lost = all.filter(({ writes }) => writes === "lost");
  const kept = all.filter(({ writes }) => writes === "survived");
  const half = Math.min(lost.length, Math.ceil(count / 2));
  return [...lost.slice(0, half), ...kept.slice(0, count - half)];
}
