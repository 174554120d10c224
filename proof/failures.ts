import type { DomainId, DomainKind, Model, Part } from "./model.ts";

/** Failures with the same effect: one stands for all. */
export interface FailureClass {
  /** The domain that stands for the class. */
  domain: DomainId;
  kind: DomainKind;
  name: string;
  /** All domains of the class, the representative first. */
  domains: DomainId[];
  /** A second member that takes other parts with it; absent when there is none. */
  twin: DomainId | undefined;
  /** Number of members that differ in what they take. */
  size: number;
  /** How many things the representative takes with it: the smaller, the better a counter-example. */
  weight: number;
  /** True for a region or a layer-2 segment that carries the whole cluster. */
  bound: boolean;
}

const rank: Record<DomainKind, number> = {
  zone: 0,
  host: 1,
  machine: 2,
  nat: 3,
  "load-balancer": 4,
  target: 5,
  disk: 6,
  interface: 7,
  segment: 8,
  region: 9,
};

interface Effect {
  /** Equal for failures that cannot be told apart. */
  signature: string;
  /** Equal only when the very same things are lost. */
  identity: string;
  weight: number;
  total: boolean;
}

/** What is the cluster itself, besides its nodes: voters of etcd and API servers. */
function core(model: Model): Part[] {
  const etcd = model.quorums.filter(({ kind }) => kind === "etcd");
  return [...etcd.flatMap(({ members }) => members), ...model.apiServers];
}

/** Everything that can be lost, apart from worker nodes. The core comes first. */
function namedParts(model: Model): Part[] {
  return [
    ...core(model),
    ...model.quorums.filter(({ kind }) => kind !== "etcd").flatMap(({ members }) => members),
    ...model.frontends.flatMap((frontend) => [
      frontend,
      ...frontend.instances,
      ...frontend.targets,
    ]),
    ...model.storage.flatMap((pool) => pool.places ?? []),
    ...(model.egress ?? []).flatMap(({ through }) =>
      through === undefined ? [] : [{ name: "way out", standsIn: [through] }],
    ),
  ];
}

/** Zones count in their own right: claims ask which of them are left. */
function zoneParts(model: Model): Part[] {
  return model.zones.map((zone) => ({ name: "zone", standsIn: [zone] }));
}

/** Inverted index: which parts (by number) stand directly in each domain. */
function standing(model: Model, parts: readonly Part[]): number[][] {
  const index: number[][] = model.domains.map(() => []);
  parts.forEach((part, number) => {
    for (const domain of part.standsIn) index[domain]?.push(number);
  });
  return index;
}

function effects(model: Model, closures: readonly (readonly DomainId[])[]): Effect[] {
  const named = [...namedParts(model), ...zoneParts(model)];
  const namedIn = standing(model, named);
  const nodesIn = standing(model, model.nodes);
  const groups = model.nodes.map(
    (node) => `${node.pool}/${node.zone}/${node.cpuMilli}/${node.memoryMiB}/${node.pods}`,
  );
  const coreParts = core(model).length;
  return closures.map((inner) => {
    const parts = new Set(inner.flatMap((id) => namedIn[id] ?? []));
    const nodes = new Set(inner.flatMap((id) => nodesIn[id] ?? []));
    const counts = new Map<string, number>();
    for (const node of nodes) {
      const group = groups[node] ?? "";
      counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    const partList = [...parts].sort((a, b) => a - b).join();
    const groupList = [...counts].map(([group, count]) => `${group}=${count}`).sort();
    return {
      signature: `${partList}|${groupList.join()}`,
      identity: `${partList}|${[...nodes].sort((a, b) => a - b).join()}`,
      weight: parts.size + nodes.size,
      total:
        coreParts + model.nodes.length > 0 &&
        nodes.size === model.nodes.length &&
        count(parts, coreParts) === coreParts,
    };
  });
}

function count(parts: Set<number>, below: number): number {
  let found = 0;
  for (const part of parts) if (part < below) found += 1;
  return found;
}

/**
 * Every single failure, grouped by what it takes.
 * @param load how much the loss of a domain's worker node would hurt; the worst stands for its class.
 */
export function failureClasses(
  model: Model,
  closures: readonly (readonly DomainId[])[],
  load: (domain: DomainId) => number,
): FailureClass[] {
  const effect = effects(model, closures);
  const groups = new Map<string, DomainId[]>();
  for (const domain of model.domains) {
    const { signature, weight } = effect[domain.id] as Effect;
    if (weight === 0) continue;
    const group = groups.get(signature);
    if (group) group.push(domain.id);
    else groups.set(signature, [domain.id]);
  }
  const classes = [...groups.values()].map((domains) => {
    const ordered = domains.toSorted((a, b) => {
      const [left, right] = [model.domains[a], model.domains[b]];
      if (!left || !right) return 0;
      return rank[left.kind] - rank[right.kind] || load(b) - load(a) || a - b;
    });
    return classOf(model, ordered, effect);
  });
  return classes.sort((a, b) => rank[a.kind] - rank[b.kind] || a.domain - b.domain);
}

function classOf(model: Model, domains: DomainId[], effect: readonly Effect[]): FailureClass {
  const first = domains[0] as DomainId;
  const { identity, weight, total } = effect[first] as Effect;
  const { kind, name } = model.domains[first] as { kind: DomainKind; name: string };
  return {
    domain: first,
    kind,
    name,
    domains,
    twin: domains.find((id) => effect[id]?.identity !== identity),
    size: new Set(domains.map((id) => effect[id]?.identity)).size,
    weight,
    bound: total && (kind === "region" || kind === "segment"),
  };
}

/** Two failures at the same time; each class of pairs once. */
export interface FailurePair {
  first: FailureClass;
  second: FailureClass;
  domains: [DomainId, DomainId];
  /** How many pairs of real failures this one stands for. */
  size: number;
}

/** Every pair of failures of which neither contains the other; bounds are left out. */
export function failurePairs(
  classes: readonly FailureClass[],
  closures: readonly (readonly DomainId[])[],
): FailurePair[] {
  const inside = closures.map((inner) => new Set(inner));
  const pairs: FailurePair[] = [];
  const usable = classes.filter((failure) => !failure.bound);
  usable.forEach((first, index) => {
    if (first.twin !== undefined) {
      const size = (first.size * (first.size - 1)) / 2;
      pairs.push({ first, second: first, domains: [first.domain, first.twin], size });
    }
    for (const second of usable.slice(index + 1)) {
      const a = inside[first.domain]?.has(second.domain) === true;
      const b = inside[second.domain]?.has(first.domain) === true;
      if (a || b) continue;
      pairs.push({
        first,
        second,
        domains: [first.domain, second.domain],
        size: first.size * second.size,
      });
    }
  });
  return pairs;
}
