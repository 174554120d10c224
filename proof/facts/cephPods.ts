/** What the pods of Ceph's daemons have in common: containers, placement, and how they enter the model. */
import { bothTerms } from "../labelRule.ts";
import type { ModelBuilder, Workload } from "../model.ts";
import { at } from "../read.ts";
import type { CephObject } from "./cephObjects.ts";
import { nodeTermsIn, requestsOf, type SpreadRules, spreadIn, tolerationsIn } from "./podFields.ts";

export type Place = SpreadRules & Pick<Workload, "nodeAffinity" | "toleratedTaints">;

/**
 * Where pods may stand: a placement of their own is added to that of all daemons. Source: Rook,
 * Placement.ApplyToPodSpec; node affinities must both hold, tolerations add up, the rest is replaced.
 */
export function placeOf(all: unknown, own: unknown): Place {
  const replaced = (key: string) => at(own, key) ?? at(all, key);
  return {
    ...spreadIn({
      affinity: { podAntiAffinity: replaced("podAntiAffinity") },
      topologySpreadConstraints: replaced("topologySpreadConstraints"),
    }),
    nodeAffinity: bothTerms(nodeTermsIn(all), nodeTermsIn(own)),
    toleratedTaints: [all, own].flatMap((one) => tolerationsIn(at(one, "tolerations"))),
  };
}

/** `spec.resources` of a cluster, by the name that Rook gives each kind of container. */
export function resourcesOf(cluster: CephObject | undefined, key: string): unknown {
  return at(cluster?.spec, "resources", key);
}

/** Where the requests of these containers would be said. */
export function saidIn({ name }: CephObject, keys: readonly string[]): string {
  return `spec.resources of CephCluster ${name} (${keys.join(", ")})`;
}

/** Key of the container beside every daemon; none unless logs are collected. */
export function logCollector(cluster: CephObject | undefined): string[] {
  return at(cluster?.spec, "logCollector", "enabled") === true ? ["logcollector"] : [];
}

export interface CephPods {
  /** Without its namespace. */
  name: string;
  app: string;
  namespace: string;
  replicas: number;
  containers: readonly unknown[];
  requestsSaidIn: string;
  place: Place;
  volumes: Workload["volumes"];
  /** True for monitors and OSDs: claims about storage say what their loss costs. */
  isStorage: boolean;
}

export function addPods(pods: CephPods, builder: ModelBuilder): void {
  const { name, app, namespace, replicas, containers, requestsSaidIn, place, volumes } = pods;
  builder.model.workloads.push({
    kind: "add-on",
    name: `${namespace}/${name}`,
    namespace,
    isDns: false,
    ...(pods.isStorage ? { isStorage: true as const } : {}),
    replicas,
    ...requestsOf(containers),
    requestsSaidIn,
    ...place,
    labels: { app },
    nodeSelector: {},
    volumes,
    outageAccepted: false,
  });
}
