/** Facts of Portworx: its own key-value store, and where the replicas of its volumes stand. */
import type { Graph } from "../graph.ts";
import { keepsTerms } from "../labelRule.ts";
import { type ModelBuilder, type Part, podMachines, type WorkerNode } from "../model.ts";
import { at, quantityIn, textIn } from "../read.ts";
import { nodeTermsIn, requestsOf } from "./podFields.ts";

const clusterType = "kubernetes:core.libopenstorage.org/v1:StorageCluster";

/** The store runs on three nodes. Source: Portworx, "Internal KVDB for Portworx on Kubernetes". */
const voters = 3;
/** Says which nodes; without it every storage node may be chosen. Same source. */
const metadataLabel = "px/metadata-node";

/** Machines that the required node affinity of a placement admits. */
function admitted(placement: unknown, nodes: readonly WorkerNode[]): WorkerNode[] {
  const terms = nodeTermsIn(placement);
  return nodes.filter(({ labels }) => keepsTerms(terms, labels));
}

function partOn(node: WorkerNode): Part {
  return { name: `the store on ${node.name}`, standsIn: [node.machine] };
}

function addStore(name: string, spec: unknown, nodes: WorkerNode[], builder: ModelBuilder): void {
  if (at(spec, "kvdb", "internal") !== true) {
    builder.gap(
      "storage-quorum",
      `the key-value store of ${name} runs outside of what the plan has`,
      `keep it inside the cluster (kvdb.internal: true), or leave storage-quorum out of proof.require`,
    );
    return;
  }
  const chosen = nodes.filter(({ labels }) => labels[metadataLabel] === "true");
  const candidates =
    chosen.length > 0 ? chosen : nodes.filter(({ labels }) => labels[metadataLabel] === undefined);
  if (candidates.length === 0) {
    builder.gap(
      "storage-quorum",
      `the plan has no machine for the key-value store of ${name}`,
      `let the placement of ${name} admit machines of the plan, three of them labelled ${metadataLabel}: "true"`,
    );
    return;
  }
  builder.model.quorums.push({
    kind: "kvdb",
    name: `Portworx ${name}`,
    members: candidates.map(partOn),
    ...(candidates.length > voters ? { voters } : {}),
    fixKey: `label ${metadataLabel}`,
  });
}

/** Replicas of a volume keep to different zones. Source: Portworx, "Volume Placement Strategies". */
function replicaPlaces(nodes: readonly WorkerNode[], builder: ModelBuilder): Part[] {
  const zones = Map.groupBy(nodes, ({ zone }) => zone);
  return [...zones].map(([zone, inside]) => ({
    name: `the stores in ${builder.model.domains[zone]?.name}`,
    standsIn: [zone, ...inside.map(({ machine }) => machine)],
  }));
}

function addVolumes(graph: Graph, places: Part[] | undefined, builder: ModelBuilder): void {
  for (const { inputs, name } of graph.ofType("kubernetes:storage.k8s.io/v1:StorageClass")) {
    if (textIn(inputs.provisioner) !== "pxd.portworx.com") continue;
    const className = textIn(at(inputs, "metadata", "name")) ?? name;
    const size = quantityIn(at(inputs, "parameters", "repl"));
    if (size === undefined || size === 2) {
      const why =
        size === 2
          ? `whether one of two replicas of ${className} may go on alone is not documented`
          : `the plan does not say how many replicas volumes of ${className} keep`;
      builder.gap("storage-min-size", why, `set repl: "3" in the parameters of ${className}`);
      continue;
    }
    builder.model.storage.push({
      name: `volumes of ${className}`,
      size,
      minSize: Math.floor(size / 2) + 1,
      failureDomain: "zone",
      places,
      fix: `keep 3 replicas of ${className} (repl), with disks in three zones`,
    });
  }
}

/** Add the Portworx clusters of the plan and what they store. */
export function portworxFacts(graph: Graph, builder: ModelBuilder): void {
  const clusters = graph.ofType(clusterType);
  const storing: WorkerNode[] = [];
  for (const { inputs, name } of clusters) {
    const nodes = admitted(at(inputs, "spec", "placement"), podMachines(builder.model));
    storing.push(...nodes);
    const cluster = textIn(at(inputs, "metadata", "name")) ?? name;
    addStore(cluster, inputs.spec, nodes, builder);
    builder.model.daemons.push({
      name: `Portworx ${cluster}`,
      machines: new Set(nodes.map(({ machine }) => machine)),
      ...requestsOf([at(inputs, "spec", "resources")]),
      requestsSaidIn: `spec.resources.requests of StorageCluster ${cluster}`,
    });
  }
  addVolumes(graph, clusters.length > 0 ? replicaPlaces(storing, builder) : undefined, builder);
}
