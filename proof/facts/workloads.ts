/** Facts of Kubernetes workloads: replicas, requests, spreading, volumes, disruption budgets. */
import type { Graph, GraphNode } from "../graph.ts";
import type { ModelBuilder, Workload } from "../model.ts";
import { at, labelsIn, listIn, numberIn, textIn } from "../read.ts";
import { outageAcceptedBy, requestsIn, spreadIn, tolerationsIn } from "./podFields.ts";
import { volumeScope } from "./storageClasses.ts";

/** Every container must have them. */
const podRequests = "resources.requests of each container in its pod template";

function metadata(node: GraphNode): { name: string; namespace: string } {
  const namespace = textIn(at(node.inputs, "metadata", "namespace")) ?? "default";
  return { name: textIn(at(node.inputs, "metadata", "name")) ?? node.name, namespace };
}

function volumesOf(node: GraphNode, pod: unknown, graph: Graph): Workload["volumes"] {
  const classes = [
    ...(listIn(at(node.inputs, "spec", "volumeClaimTemplates")) ?? []).map((claim) =>
      textIn(at(claim, "spec", "storageClassName")),
    ),
    ...(listIn(at(pod, "volumes")) ?? []).flatMap((volume) => {
      const claim = textIn(at(volume, "persistentVolumeClaim", "claimName"));
      return claim === undefined ? [] : [classOfClaim(claim, graph)];
    }),
  ];
  const scopes = classes.map((name) => volumeScope(name, graph));
  const worst = ["unknown", "machine", "zonal", "replicated"] as const;
  return worst.find((scope) => scopes.includes(scope)) ?? "none";
}

function classOfClaim(name: string, graph: Graph): string | undefined {
  const claim = graph
    .ofType("kubernetes:core/v1:PersistentVolumeClaim")
    .find((node) => metadata(node).name === name);
  return textIn(at(claim?.inputs, "spec", "storageClassName"));
}

function isDns(labels: Record<string, string>): boolean {
  return labels["k8s-app"] === "kube-dns" || labels["app.kubernetes.io/name"] === "coredns";
}

function workloadOf(
  kind: "Deployment" | "StatefulSet",
  node: GraphNode,
  graph: Graph,
  builder: ModelBuilder,
): Workload | undefined {
  const { name, namespace } = metadata(node);
  const spec = node.inputs.spec;
  const pod = at(spec, "template", "spec");
  const given = at(spec, "replicas");
  const replicas = given === undefined ? 1 : numberIn(given);
  if (replicas === undefined) {
    builder.gap(
      "workloads",
      `the plan does not say how many replicas ${namespace}/${name} has`,
      `set spec.replicas of ${namespace}/${name} to a number that is known before the update`,
    );
    return undefined;
  }
  const labels = labelsIn(at(spec, "template", "metadata", "labels"));
  return {
    kind,
    name: `${namespace}/${name}`,
    namespace,
    isDns: namespace === "kube-system" && isDns(labels),
    replicas,
    ...requestsIn(pod),
    requestsSaidIn: podRequests,
    ...spreadIn(pod),
    labels,
    nodeSelector: labelsIn(at(pod, "nodeSelector")),
    toleratedTaints: tolerationsIn(at(pod, "tolerations")),
    volumes: volumesOf(node, pod, graph),
    outageAccepted: outageAcceptedBy(at(node.inputs, "metadata", "annotations")),
  };
}

function addBudget(node: GraphNode, builder: ModelBuilder): void {
  const { name, namespace } = metadata(node);
  const selector = at(node.inputs, "spec", "selector");
  const plain = selector !== undefined && at(selector, "matchExpressions") === undefined;
  builder.model.budgets.push({
    name: `${namespace}/${name}`,
    namespace,
    selector: plain ? labelsIn(at(selector, "matchLabels")) : undefined,
    minAvailable: at(node.inputs, "spec", "minAvailable"),
    maxUnavailable: at(node.inputs, "spec", "maxUnavailable"),
  });
}

/** Add workloads, daemons and disruption budgets of the plan. */
export function workloadFacts(graph: Graph, builder: ModelBuilder): void {
  for (const kind of ["Deployment", "StatefulSet"] as const) {
    for (const node of graph.ofType(`kubernetes:apps/v1:${kind}`)) {
      const workload = workloadOf(kind, node, graph, builder);
      if (workload) builder.model.workloads.push(workload);
    }
  }
  for (const node of graph.ofType("kubernetes:apps/v1:DaemonSet")) {
    const { name, namespace } = metadata(node);
    const pod = at(node.inputs, "spec", "template", "spec");
    const requests = { ...requestsIn(pod), requestsSaidIn: podRequests };
    builder.model.daemons.push({ name: `${namespace}/${name}`, ...requests });
  }
  for (const node of graph.ofType("kubernetes:policy/v1:PodDisruptionBudget")) {
    addBudget(node, builder);
  }
}
