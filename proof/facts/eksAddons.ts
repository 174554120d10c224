/** Managed add-ons of EKS: what runs, how often, how large, as far as the plan says. */
import type { Graph, GraphNode } from "../graph.ts";
import type { ModelBuilder } from "../model.ts";
import { at, labelsIn, numberIn, quantityIn, textIn } from "../read.ts";
import { spreadIn, tolerationsIn } from "./podFields.ts";

interface ReplicatedAddon {
  name: string;
  /** Replicas that the add-on has by itself. */
  replicas: number;
  replicasKey: string;
  /** Where its settings stand in the configuration. */
  path: string[];
  /** Containers of a pod; each has the requests. */
  containers: number;
  labels: Record<string, string>;
}

/** Add-ons whose controllers run as replicas. */
const replicated: Record<string, ReplicatedAddon> = {
  coredns: {
    name: "coredns",
    replicas: 2,
    replicasKey: "replicaCount",
    path: [],
    containers: 1,
    labels: { "k8s-app": "kube-dns" },
  },
  "metrics-server": {
    name: "metrics-server",
    replicas: 2,
    replicasKey: "replicas",
    path: [],
    containers: 1,
    labels: { "app.kubernetes.io/name": "metrics-server" },
  },
  "aws-ebs-csi-driver": {
    name: "ebs-csi-controller",
    replicas: 2,
    replicasKey: "replicaCount",
    path: ["controller"],
    // The driver, provisioner, attacher, snapshotter, resizer and liveness probe.
    containers: 6,
    labels: { app: "ebs-csi-controller" },
  },
};

/**
 * Add-ons that run on every machine: requests of their pods when nothing is configured. Upper
 * bounds, so that the proof errs on the side of too little room.
 */
const everywhere: Record<string, { cpuMilli: number; memoryMiB: number }> = {
  "vpc-cni": { cpuMilli: 75, memoryMiB: 128 },
  "kube-proxy": { cpuMilli: 100, memoryMiB: 64 },
  "eks-pod-identity-agent": { cpuMilli: 25, memoryMiB: 64 },
  "eks-node-monitoring-agent": { cpuMilli: 50, memoryMiB: 128 },
  "aws-ebs-csi-driver": { cpuMilli: 50, memoryMiB: 160 },
};

function configuration(addon: GraphNode): unknown {
  const text = addon.inputs.configurationValues;
  if (typeof text !== "string") return text === undefined ? {} : undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function addReplicated(known: ReplicatedAddon, values: unknown, builder: ModelBuilder): void {
  const own = at(values, ...known.path);
  const cpu = quantityIn(at(own, "resources", "requests", "cpu"));
  const memory = quantityIn(at(own, "resources", "requests", "memory"));
  const name = `kube-system/${known.name}`;
  builder.model.workloads.push({
    kind: "add-on",
    name,
    namespace: "kube-system",
    isDns: known.name === "coredns",
    replicas: numberIn(at(own, known.replicasKey)) ?? known.replicas,
    cpuMilli: cpu === undefined ? undefined : known.containers * cpu * 1000,
    memoryMiB: memory === undefined ? undefined : (known.containers * memory) / 2 ** 20,
    requestsSaidIn: `${[...known.path, "resources.requests"].join(".")} in configurationValues of the add-on`,
    ...spreadIn(own),
    labels: known.labels,
    nodeSelector: labelsIn(at(own, "nodeSelector")),
    toleratedTaints: tolerationsIn(at(own, "tolerations")),
    volumes: "none",
    outageAccepted: false,
  });
  const budget = at(own, "podDisruptionBudget");
  if (at(budget, "enabled") !== true) return;
  builder.model.budgets.push({
    name,
    namespace: "kube-system",
    selector: known.labels,
    minAvailable: at(budget, "minAvailable"),
    maxUnavailable: at(budget, "maxUnavailable"),
  });
}

/** Add the workloads and daemons that the add-ons of the plan bring. */
export function addonFacts(graph: Graph, builder: ModelBuilder): void {
  for (const addon of graph.ofType("aws:eks/addon:Addon")) {
    const name = textIn(addon.inputs.addonName) ?? addon.name;
    const known = replicated[name];
    if (known) addReplicated(known, configuration(addon), builder);
    const daemon = everywhere[name];
    const requestsSaidIn = `configurationValues of add-on ${name}`;
    if (daemon)
      builder.model.daemons.push({ name: `kube-system/${name}`, ...daemon, requestsSaidIn });
    if (!daemon && !known) {
      builder.capacityGap(
        `the proof does not know what the pods of add-on ${name} request`,
        `install ${name} as a chart with resources.requests in its values, or add it to proof/facts/eksAddons.ts`,
      );
    }
  }
}
