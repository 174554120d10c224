/** The Cluster Autoscaler, from a component's facts or from its chart. */
import type { Graph } from "../graph.ts";
import type { Autoscaler, ModelBuilder } from "../model.ts";
import { at, numberIn, textIn, textsIn } from "../read.ts";
import { releases } from "./charts.ts";
import { spreadIn } from "./podFields.ts";

/** Defaults of cluster-autoscaler: FAQ, max-total-unready-percentage and ok-total-unready-count. */
const guard = { maxUnreadyPercent: 45, unreadyCountAllowed: 3 };

function spreadName(value: unknown): Autoscaler["spread"] {
  return value === "zone" || value === "machine" ? value : "none";
}

/** Add the autoscaler of the plan, if it has one. */
export function autoscalerFacts(graph: Graph, builder: ModelBuilder): void {
  const component = graph.ofType("quorum:addons:ClusterAutoscaler")[0];
  if (component) {
    const { inputs } = component;
    builder.model.autoscaler = {
      pools: inputs.pools === "all" ? "all" : (textsIn(inputs.pools) ?? []),
      replicas: numberIn(inputs.replicas) ?? 1,
      spread: spreadName(textIn(inputs.spread)),
      ...guard,
    };
    return;
  }
  const release = releases(graph, "cluster-autoscaler")[0];
  if (!release) return;
  const values = release.inputs.values;
  const percent = numberIn(at(values, "extraArgs", "max-total-unready-percentage"));
  const count = numberIn(at(values, "extraArgs", "ok-total-unready-count"));
  const rules = spreadIn(values);
  const machine = rules.machineSpread === "hard" ? "machine" : "none";
  builder.model.autoscaler = {
    pools: "all",
    replicas: numberIn(at(values, "replicaCount")) ?? 1,
    spread: rules.zoneSpread === "hard" ? "zone" : machine,
    maxUnreadyPercent: percent ?? guard.maxUnreadyPercent,
    unreadyCountAllowed: count ?? guard.unreadyCountAllowed,
  };
}
