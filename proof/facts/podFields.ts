/** Fields of pods and of their spreading that several kinds of facts share. */
import { bothTerms, type NodeTerms } from "../labelRule.ts";
import type { Spread, Taint, Toleration, Workload } from "../model.ts";
import { at, labelsIn, listIn, numberIn, quantityIn, textIn, textsIn } from "../read.ts";

const zoneLabel = "topology.kubernetes.io/zone";
const hostLabel = "kubernetes.io/hostname";

export function taintsIn(value: unknown): Taint[] {
  return (listIn(value) ?? []).flatMap((taint) => {
    const key = textIn(at(taint, "key"));
    if (key === undefined) return [];
    const effect = textIn(at(taint, "effect")) ?? "NoSchedule";
    return [{ key, value: textIn(at(taint, "value")) ?? "", effect: camelEffect(effect) }];
  });
}

/** EKS writes NO_SCHEDULE where Kubernetes writes NoSchedule. */
function camelEffect(effect: string): string {
  const known: Record<string, string> = {
    NO_SCHEDULE: "NoSchedule",
    NO_EXECUTE: "NoExecute",
    PREFER_NO_SCHEDULE: "PreferNoSchedule",
  };
  return known[effect] ?? effect;
}

export function tolerationsIn(value: unknown): Toleration[] {
  return (listIn(value) ?? []).map((toleration) => ({
    key: textIn(at(toleration, "key")),
    operator: textIn(at(toleration, "operator")) ?? "Equal",
    value: textIn(at(toleration, "value")),
    effect: textIn(at(toleration, "effect")),
  }));
}

export interface SpreadRules {
  zoneSpread: Spread;
  zoneSkew: number;
  spreadHonorsTaints: boolean;
  machineSpread: Spread | "skew";
}

/** Topology spread constraints and anti-affinity of a pod, as far as zones and machines go. */
export function spreadIn(pod: unknown): SpreadRules {
  const rules: SpreadRules = {
    zoneSpread: "none",
    zoneSkew: 1,
    spreadHonorsTaints: false,
    machineSpread: "none",
  };
  for (const constraint of listIn(at(pod, "topologySpreadConstraints")) ?? []) {
    const key = textIn(at(constraint, "topologyKey"));
    const spread = at(constraint, "whenUnsatisfiable") === "ScheduleAnyway" ? "soft" : "hard";
    const skew = numberIn(at(constraint, "maxSkew")) ?? 1;
    if (key === zoneLabel) {
      rules.zoneSpread = spread;
      rules.zoneSkew = skew;
      rules.spreadHonorsTaints = at(constraint, "nodeTaintsPolicy") === "Honor";
    }
    if (key === hostLabel) rules.machineSpread = spread === "hard" && skew === 1 ? "skew" : "soft";
  }
  const required = listIn(
    at(pod, "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
  );
  for (const term of required ?? []) {
    const key = textIn(at(term, "topologyKey"));
    if (key === hostLabel) rules.machineSpread = "hard";
    if (key === zoneLabel) rules.zoneSpread = "hard";
  }
  return rules;
}

/** Required node affinity of what holds a `nodeAffinity`; undefined when it has none. */
export function nodeTermsIn(affinity: unknown): NodeTerms | undefined {
  const required = ["nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
  return listIn(at(affinity, ...required, "nodeSelectorTerms"))?.map((term) =>
    (listIn(at(term, "matchExpressions")) ?? []).map((rule) => ({
      key: textIn(at(rule, "key")) ?? "",
      operator: textIn(at(rule, "operator")) ?? "",
      values: textsIn(at(rule, "values")) ?? [],
    })),
  );
}

/** The same place in one zone alone; anywhere that it was for undefined. */
export function inZone<T extends Pick<Workload, "nodeAffinity">>(
  place: T,
  zone: string | undefined,
): T {
  if (zone === undefined) return place;
  const pinned = [[{ key: zoneLabel, operator: "In", values: [zone] }]];
  return { ...place, nodeAffinity: bothTerms(place.nodeAffinity, pinned) };
}

/** Annotation by which the author of a workload accepts its outage. */
export const waiver = "quorum.dev/single-replica";

export function outageAcceptedBy(annotations: unknown): boolean {
  return labelsIn(annotations)[waiver] === "accepted";
}

export interface Requests {
  cpuMilli: number | undefined;
  memoryMiB: number | undefined;
}

/** Requests of a pod: the sum over its containers; absent when one of them has none. */
export function requestsIn(pod: unknown): Requests {
  const containers = listIn(at(pod, "containers")) ?? [];
  return requestsOf(containers.map((container) => at(container, "resources")));
}

/** The same from the `resources` of each container. */
export function requestsOf(containers: readonly unknown[]): Requests {
  let cpuMilli: number | undefined = containers.length === 0 ? undefined : 0;
  let memoryMiB: number | undefined = cpuMilli;
  for (const resources of containers) {
    const cpu = quantityIn(at(resources, "requests", "cpu"));
    const memory = quantityIn(at(resources, "requests", "memory"));
    cpuMilli = cpu === undefined || cpuMilli === undefined ? undefined : cpuMilli + cpu * 1000;
    memoryMiB =
      memory === undefined || memoryMiB === undefined ? undefined : memoryMiB + memory / 2 ** 20;
  }
  return { cpuMilli, memoryMiB };
}
