/** Ceph's custom resources, as objects of the plan and as values of the chart that makes them. */
import type { Graph } from "../graph.ts";
import { at, entriesIn, numberIn, textIn } from "../read.ts";
import { releases } from "./charts.ts";

export type CephKind = "CephCluster" | "CephBlockPool" | "CephFilesystem" | "CephObjectStore";

/** Chart that makes them from its values. */
export const cephClusterChart = "rook-ceph-cluster";

/** Where the chart's values have them: the cluster's spec, and lists of names and specs. */
export const chartValue: Record<CephKind, string> = {
  CephCluster: "cephClusterSpec",
  CephBlockPool: "cephBlockPools",
  CephFilesystem: "cephFileSystems",
  CephObjectStore: "cephObjectStores",
};

export interface CephObject {
  name: string;
  namespace: string;
  spec: unknown;
}

/** Every object of a kind. */
export function cephObjects(graph: Graph, kind: CephKind): CephObject[] {
  const objects = graph.ofType(`kubernetes:ceph.rook.io/v1:${kind}`).map(
    ({ name, inputs }): CephObject => ({
      name: textIn(at(inputs, "metadata", "name")) ?? name,
      namespace: textIn(at(inputs, "metadata", "namespace")) ?? "default",
      spec: inputs.spec,
    }),
  );
  const charts = releases(graph, cephClusterChart).flatMap(({ name, inputs }): CephObject[] => {
    const value = at(inputs, "values", chartValue[kind]);
    const namespace = textIn(inputs.namespace) ?? "default";
    if (kind === "CephCluster")
      return value === undefined ? [] : [{ name, namespace, spec: value }];
    return entriesIn(value).map((entry) => ({
      name: textIn(at(entry, "name")) ?? name,
      namespace,
      spec: at(entry, "spec"),
    }));
  });
  return [...objects, ...charts];
}

/** How many monitors a cluster has, and the zones that they are pinned to in turn; none where it names none. */
export function monitorsIn(spec: unknown): { count: number; zones: (string | undefined)[] } {
  return {
    count: numberIn(at(spec, "mon", "count")) ?? 3,
    zones: entriesIn(at(spec, "mon", "zones")).map((zone) => textIn(at(zone, "name"))),
  };
}
