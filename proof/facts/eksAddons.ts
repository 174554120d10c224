/** Managed add-ons of EKS: what runs, how often, how large, as far as the plan says. */
import type { Graph, GraphNode } from "../graph.ts";
import type { ModelBuilder } from "../model.ts";
import { at, labelsIn, numberIn, quantityIn, textIn } from "../read.ts";
import { spreadIn, tolerationsIn } from "./podFields.ts";

/** Add-ons whose controllers run as replicas, with the replica count the add-on has by itself. */
const replicated: Record<string, { name: string; replicas: number; path: string[] }> = {
  coredns: { name: "kube-system/coredns", replicas: 2, path: [] },
  "metrics-server": { name: "kube-system/metrics-server", replicas: 2, path: [] },
  "aws-ebs-csi-driver": {
    name: "kube-system/ebs-csi-controller",
    replicas: 2,
    path: ["controller"],
  },
  "snapshot-controller": { name: "kube-system/snapshot-controller", replicas: 2, path: [] },
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

function addReplicated(name: string, values: unknown, builder: ModelBuilder): void {
  const known = replicated[name];
  if (!known) return;
  const own = at(values, ...known.path);
  const cpu = quantityIn(at(own, "resources", "requests", "cpu"));
  const memory = quantityIn(at(own, "resources", "requests", "memory"));
  builder.model.workloads.push({
    kind: "add-on",
    name: known.name,
    namespace: "kube-system",
    isDns: name === "coredns",
    replicas: numberIn(at(own, "replicaCount")) ?? known.replicas,
    cpuMilli: cpu === undefined ? undefined : cpu * 1000,
    memoryMiB: memory === undefined ? undefined : memory / 2 ** 20,
    ...spreadIn(own),
    labels: name === "coredns" ? { "k8s-app": "kube-dns" } : { app: known.name },
    nodeSelector: labelsIn(at(own, "nodeSelector")),
    toleratedTaints: tolerationsIn(at(own, "tolerations")),
    volumes: "none",
    outageAccepted: false,
  });
}

/** Add the workloads and daemons that the add-ons of the plan bring. */
export function addonFacts(graph: Graph, builder: ModelBuilder): void {
  for (const addon of graph.ofType("aws:eks/addon:Addon")) {
    const name = textIn(addon.inputs.addonName) ?? addon.name;
    const values = configuration(addon);
    addReplicated(name, values, builder);
    const daemon = everywhere[name];
    if (daemon) builder.model.daemons.push({ name: `kube-system/${name}`, ...daemon });
    if (!daemon && !replicated[name]) {
      builder.gap("capacity", `the plan does not say what the pods of add-on ${name} request`);
    }
  }
}
