/** Pods that Helm charts bring, as far as the values of the plan say. */
import type { Graph, GraphNode } from "../graph.ts";
import type { ModelBuilder } from "../model.ts";
import { at, labelsIn, numberIn, textIn } from "../read.ts";
import { type ChartPods, knownCharts } from "./chartPods.ts";
import { outageAcceptedBy, requestsOf, spreadIn, tolerationsIn } from "./podFields.ts";

/** Names of a chart by itself, in a registry and as a file: "x", "oci://…/x", "/…/x-1.2.3.tgz". */
export function isChart(node: GraphNode, chart: string): boolean {
  const [last = ""] = (textIn(node.inputs.chart) ?? "").split("/").slice(-1);
  const version = textIn(node.inputs.version) ?? "";
  return last === chart || last === `${chart}-${version}.tgz`;
}

/** Charts that are installed in one piece: the plan has none of their objects. */
export function releases(graph: Graph, chart?: string): GraphNode[] {
  return [
    ...graph.ofType("kubernetes:helm.sh/v3:Release"),
    ...graph.ofType("kubernetes:helm.sh/v4:Chart"),
  ].filter((node) => chart === undefined || isChart(node, chart));
}

/** What most charts call their pods' number and requests. */
function commonPods(node: GraphNode): ChartPods[] {
  const { values } = node.inputs;
  const replicas = at(values, "replicaCount") ?? at(values, "replicas");
  const container = at(values, "resources");
  const name = textIn(node.inputs.name) ?? node.name;
  return [{ name, replicas, containers: [container], place: values }];
}

/** Every container of the pods must have them. */
const requestsSaidIn = "resources.requests of each container in the chart's values";

function addReplicas(pods: ChartPods, replicas: number, namespace: string, builder: ModelBuilder) {
  const name = `${namespace}/${pods.name}`;
  const labels = { "app.kubernetes.io/instance": pods.name };
  builder.model.workloads.push({
    kind: "add-on",
    name,
    namespace,
    isDns: false,
    replicas,
    ...requestsOf(pods.containers),
    requestsSaidIn,
    ...spreadIn(pods.place),
    labels,
    nodeSelector: labelsIn(at(pods.place, "nodeSelector")),
    toleratedTaints: tolerationsIn(at(pods.place, "tolerations")),
    volumes: "none",
    outageAccepted: outageAcceptedBy(at(pods.place, "annotations")),
  });
  const minAvailable = at(pods.budget, "minAvailable");
  const maxUnavailable = at(pods.budget, "maxUnavailable");
  if (at(pods.budget, "enabled") === false) return;
  if (minAvailable === undefined && maxUnavailable === undefined) return;
  builder.model.budgets.push({ name, namespace, selector: labels, minAvailable, maxUnavailable });
}

function addChart(node: GraphNode, builder: ModelBuilder): void {
  const namespace = textIn(node.inputs.namespace) ?? "default";
  const known = Object.keys(knownCharts).find((chart) => isChart(node, chart));
  const podsOf = known === undefined ? commonPods : knownCharts[known];
  for (const pods of podsOf?.(node) ?? []) {
    const name = `${namespace}/${pods.name}`;
    if (pods.replicas === "every machine") {
      builder.model.daemons.push({ name, ...requestsOf(pods.containers), requestsSaidIn });
      continue;
    }
    const replicas = numberIn(pods.replicas);
    if (replicas !== undefined) {
      addReplicas(pods, replicas, namespace, builder);
      continue;
    }
    builder.capacityGap(
      `the values of chart ${name} do not say how many pods it brings`,
      `set replicaCount, or what the chart calls it, in the values of chart ${name}`,
    );
  }
}

/** Add the workloads, daemons and disruption budgets that charts of the plan bring. */
export function chartFacts(graph: Graph, builder: ModelBuilder): void {
  // A chart whose objects the plan has is counted by them.
  for (const node of releases(graph))
    if (graph.children(node.urn).length === 0) addChart(node, builder);
}
