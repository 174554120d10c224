/** Where everything stands, as rows and columns of boxes: the input of the picture. */
import type { DomainId, Model, Part } from "./model.ts";

export type RowKind = "nat" | "load-balancer" | "api-server" | "etcd" | "storage" | "worker";

export interface Box {
  name: string;
  /** The box is lost with any of these. */
  standsIn: DomainId[];
  /** What a click on it means to lose. */
  domain: DomainId;
}

export interface Row {
  kind: RowKind;
  title: string;
  /** Boxes by column. */
  columns: Box[][];
}

export interface Topology {
  /** Zones, left to right. */
  columns: { name: string; domain: DomainId }[];
  rows: Row[];
  /** What stands in front of everything: the address of the API. */
  fronts: Box[];
  /** What somebody else runs. */
  managed: string | undefined;
  region: Box | undefined;
}

/** All domains that a domain lies within, itself included. */
function ancestors(model: Model, start: readonly DomainId[]): Set<DomainId> {
  const seen = new Set<DomainId>();
  const queue = [...start];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    queue.push(...(model.domains[id]?.within ?? []));
  }
  return seen;
}

function boxOf(part: Part): Box {
  return { name: part.name, standsIn: part.standsIn, domain: part.standsIn[0] ?? 0 };
}

function row(model: Model, kind: RowKind, title: string, parts: readonly Part[]): Row | undefined {
  if (parts.length === 0) return undefined;
  const columns: Box[][] = model.zones.map(() => []);
  for (const part of parts) {
    const above = ancestors(model, part.standsIn);
    const column = model.zones.findIndex((zone) => above.has(zone));
    columns[Math.max(0, column)]?.push(boxOf(part));
  }
  return { kind, title, columns };
}

function gateways(model: Model): Part[] {
  return model.domains
    .filter(({ kind }) => kind === "nat")
    .map(({ id, name }) => ({ name, standsIn: [id] }));
}

function stores(model: Model): Part[] {
  const places = model.storage.flatMap((pool) => pool.places ?? []);
  const monitors = model.quorums
    .filter(({ kind }) => kind !== "etcd")
    .flatMap(({ members }) => members);
  const byName = new Map([...monitors, ...places].map((part) => [part.name, part]));
  return [...byName.values()];
}

/** The picture's content for a model. */
export function topologyOf(model: Model): Topology {
  const etcd = model.quorums.filter(({ kind }) => kind === "etcd");
  const region = model.domains.find(({ kind }) => kind === "region");
  const rows = [
    row(
      model,
      "load-balancer",
      "load balancers",
      model.frontends.flatMap(({ instances }) => instances),
    ),
    row(model, "api-server", "API servers", model.apiServers),
    row(
      model,
      "etcd",
      "etcd",
      etcd.flatMap(({ members }) => members),
    ),
    row(model, "storage", "storage", stores(model)),
    row(model, "worker", "workers", model.nodes),
    row(model, "nat", "way out", gateways(model)),
  ];
  return {
    columns: model.zones.map((domain) => ({ name: model.domains[domain]?.name ?? "?", domain })),
    rows: rows.filter((one) => one !== undefined),
    fronts: model.frontends.map(boxOf),
    managed:
      model.managed &&
      `${model.managed.provider}: API servers and etcd of ${model.managed.name}, promised to survive one zone`,
    region: region && { name: region.name, standsIn: [region.id], domain: region.id },
  };
}
