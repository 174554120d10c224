import type { V1Pod, V1PodSpec } from "@kubernetes/client-node";
import { singleReplicaWaiver, zoneKey } from "../design/workloads/labels.ts";
import type { Cluster } from "./cluster.ts";

/** Pods that one controller keeps, whatever kind it is. */
export interface Workload {
  kind: string;
  namespace: string;
  name: string;
  /** "Deployment team/shop". */
  subject: string;
  replicas: number;
  /** Labels and spec of the pods that it makes. */
  labels: Record<string, string>;
  spec: V1PodSpec;
  /** Those that are there and do not end. */
  pods: V1Pod[];
  /** Runs on every node, or once and ends: its replicas are not for serving in turns. */
  role: "replicas" | "daemon" | "job";
  /** The author accepts its outage. */
  waived: boolean;
}

/** A pod that nobody would make again. */
export interface BarePod {
  pod: V1Pod;
  waived: boolean;
}

export interface Workloads {
  workloads: Workload[];
  bare: BarePod[];
}

const mirrorAnnotation = "kubernetes.io/config.mirror";

const accepts = (annotations: Record<string, string> | undefined): boolean =>
  annotations?.[singleReplicaWaiver] === "accepted";

export function podName({ metadata }: V1Pod): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

export function isReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return (status?.conditions ?? []).some(
    ({ type, status: value }) => type === "Ready" && value === "True",
  );
}

/** A static pod: kubelet's own, which neither drains nor moves. */
export function isMirror({ metadata }: V1Pod): boolean {
  return metadata?.annotations?.[mirrorAnnotation] !== undefined;
}

/** Kind and name of what keeps a pod; a ReplicaSet of a Deployment stands for the Deployment. */
function keeperOf({ metadata }: V1Pod): { kind: string; name: string } | undefined {
  const owner = (metadata?.ownerReferences ?? []).find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  const hash = metadata?.labels?.["pod-template-hash"];
  if (owner.kind === "ReplicaSet" && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return { kind: "Deployment", name: owner.name.slice(0, -hash.length - 1) };
  return { kind: owner.kind, name: owner.name };
}

/** Every workload of a cluster with its pods, and the pods that have none. */
export function workloadsOf(cluster: Cluster): Workloads {
  const workloads = new Map<string, Workload>();
  const bare: BarePod[] = [];
  const keyOf = (kind: string, namespace: string, name: string) => `${kind} ${namespace}/${name}`;
  for (const { kind, namespace, name, replicas, template, annotations } of cluster.controllers) {
    const subject = keyOf(kind, namespace, name);
    workloads.set(subject, {
      ...{ kind, namespace, name, subject, replicas },
      labels: template.metadata?.labels ?? {},
      spec: template.spec ?? { containers: [] },
      pods: [],
      role: "replicas",
      waived: accepts(annotations),
    });
  }
  for (const pod of cluster.pods) {
    if (isMirror(pod)) continue;
    const keeper = keeperOf(pod);
    if (keeper === undefined) {
      bare.push({ pod, waived: accepts(pod.metadata?.annotations) });
      continue;
    }
    const subject = keyOf(keeper.kind, pod.metadata?.namespace ?? "", keeper.name);
    const known = workloads.get(subject);
    if (known === undefined) workloads.set(subject, strange(keeper, subject, pod));
    else {
      known.pods.push(pod);
      if (!listed.includes(known.kind)) known.replicas += 1;
    }
  }
  return { workloads: [...workloads.values()], bare };
}

/** Kinds whose number of replicas is read from themselves. */
const listed = ["Deployment", "StatefulSet"];

/** A workload of a kind that is not read: its pods say what it is. */
function strange(keeper: { kind: string; name: string }, subject: string, pod: V1Pod): Workload {
  const roles: Record<string, Workload["role"]> = {
    DaemonSet: "daemon",
    Node: "daemon",
    Job: "job",
  };
  return {
    ...keeper,
    namespace: pod.metadata?.namespace ?? "",
    subject,
    replicas: 1,
    labels: pod.metadata?.labels ?? {},
    spec: pod.spec ?? { containers: [] },
    pods: [pod],
    role: roles[keeper.kind] ?? "replicas",
    waived: accepts(pod.metadata?.annotations),
  };
}

/** Where nodes stand; "" for one that does not say. */
export class Places {
  readonly #zones: Map<string, string>;
  /** Zones that have a node, sorted. */
  readonly zones: string[];

  constructor({ nodes }: Cluster) {
    this.#zones = new Map(
      nodes.map(({ metadata }) => [metadata?.name ?? "", metadata?.labels?.[zoneKey] ?? ""]),
    );
    this.zones = [...new Set(this.#zones.values())].filter((zone) => zone !== "").sort();
  }

  zone(node: string | undefined): string {
    return this.#zones.get(node ?? "") ?? "";
  }

  /** Zones and nodes on which these pods run. */
  of(pods: readonly V1Pod[]): { zones: string[]; nodes: string[] } {
    const nodes = [...new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []))].sort();
    return { nodes, zones: [...new Set(nodes.map((node) => this.zone(node)))].sort() };
  }
}
