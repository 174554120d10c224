/** What the component of a self-managed cluster says of things that machines start by themselves. */
import type { GraphNode } from "../graph.ts";
import type { ModelBuilder } from "../model.ts";
import { at, numberIn, textIn } from "../read.ts";

function addDns(cluster: GraphNode, builder: ModelBuilder): void {
  const dns = cluster.inputs.dns;
  const replicas = numberIn(at(dns, "replicas"));
  if (replicas === undefined) return;
  const spread = textIn(at(dns, "spread"));
  builder.model.workloads.push({
    kind: "add-on",
    name: "kube-system/coredns",
    namespace: "kube-system",
    isDns: true,
    replicas,
    cpuMilli: numberIn(at(dns, "cpuMilli")),
    memoryMiB: numberIn(at(dns, "memoryMiB")),
    requestsSaidIn: "dns.cpuMilli and dns.memoryMiB of the cluster component",
    zoneSpread: spread === "zone" ? "hard" : "none",
    zoneSkew: 1,
    spreadHonorsTaints: at(dns, "nodeTaintsPolicy") === "Honor",
    machineSpread: spread === "machine" ? "hard" : "none",
    labels: { "k8s-app": "kube-dns" },
    nodeSelector: {},
    toleratedTaints: [],
    volumes: "none",
    outageAccepted: false,
  });
}

/** Add the cluster's DNS, and whether its machines need anything from outside. */
export function clusterFacts(cluster: GraphNode, builder: ModelBuilder): void {
  addDns(cluster, builder);
  const { needsEgress } = cluster.inputs;
  if (typeof needsEgress === "boolean") builder.model.needsEgress = needsEgress;
}
