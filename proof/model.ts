/**
 * The model that claims are proven on: failure domains, and what stands in them. Built from the
 * planned graph by `facts/`; a value that the plan does not say is absent, and becomes `unknown`.
 */

import type { NodeTerms } from "./labelRule.ts";

/** Index into `Model.domains`. */
export type DomainId = number;

export type DomainKind =
  | "region"
  | "zone"
  | "host"
  | "machine"
  | "disk"
  | "interface"
  | "segment"
  | "nat"
  | "load-balancer"
  | "target";

/** Something that fails as a whole. */
export interface Domain {
  id: DomainId;
  kind: DomainKind;
  name: string;
  /** It is lost with any of these. */
  within: DomainId[];
}

/** Something that stands in failure domains and is lost with any of them. */
export interface Part {
  name: string;
  standsIn: DomainId[];
}

/** Voters that need a majority. */
export interface Quorum {
  kind: "etcd" | "ceph-mon" | "kvdb";
  name: string;
  /** Who votes, or, with `voters`, who may be chosen to. */
  members: Part[];
  /** So many of the members vote, and the plan does not say which. Default: all of them. */
  voters?: number;
  /** Key of the stack file that sets the number of members. */
  fixKey: string;
}

/** A control plane that somebody else runs and answers for. */
export interface ManagedControlPlane {
  name: string;
  provider: string;
  /** Zones that may be lost at the same time. */
  promisedZones: number;
  /** Where clients in the cluster reach it; empty when the plan does not say. */
  endpointZones: DomainId[];
}

/** The way from clients to the API servers. */
export interface ApiFrontend extends Part {
  kind: "vip" | "network-load-balancer";
  /** Load balancers that can serve the address; one suffices. */
  instances: Part[];
  /** Registered API servers; one suffices. */
  targets: Part[];
  /** False: a load balancer reaches only the API servers of its own zone. */
  crossZone: boolean;
}

/** One machine on which pods can run. */
export interface WorkerNode extends Part {
  machine: DomainId;
  zone: DomainId;
  pool: string;
  /** What the machine has, before reservations. */
  cpuMilli: number | undefined;
  memoryMiB: number | undefined;
  pods: number | undefined;
  labels: Record<string, string>;
  taints: Taint[];
}

export interface Taint {
  key: string;
  value: string;
  effect: string;
}

export interface WorkerPool {
  name: string;
  /** The stack's own statement of what must remain; absent for pools without one. */
  minNodes: number | undefined;
  groups: NodeGroup[];
}

/** Machines of one pool in one zone, scaled together. */
export interface NodeGroup {
  zone: DomainId;
  desiredNodes: number;
  maxNodes: number;
}

export type Spread = "hard" | "soft" | "none";

export interface Workload {
  kind: "Deployment" | "StatefulSet" | "add-on";
  /** "namespace/name". */
  name: string;
  /** Cluster DNS is judged by a claim of its own. */
  isDns: boolean;
  /**
   * A monitor or disk of replicated storage: claims about storage say what its loss costs, and where no
   * machine of its zone is left it waits for one. Default: none.
   */
  isStorage?: true;
  replicas: number;
  /** Sums over the containers of a pod; absent when a container has no request. */
  cpuMilli: number | undefined;
  memoryMiB: number | undefined;
  /** Where the plan would say them, e.g. "resources.requests in the chart's values". */
  requestsSaidIn: string;
  zoneSpread: Spread;
  /** Pods per zone may differ by this much. */
  zoneSkew: number;
  /** With false, a dead zone still counts as a place to spread to and blocks replacements. */
  spreadHonorsTaints: boolean;
  /** "hard": never two on one machine; "skew": counts per machine differ by at most one. */
  machineSpread: Spread | "skew";
  labels: Record<string, string>;
  namespace: string;
  nodeSelector: Record<string, string>;
  /** Default: every machine. Read for daemons of storage alone. */
  nodeAffinity?: NodeTerms | undefined;
  toleratedTaints: Toleration[];
  /** Zonal volumes tie a pod to the zone that it first ran in. */
  volumes: "none" | "zonal" | "replicated" | "machine" | "unknown";
  /** The author accepts an outage of this workload (annotation "quorum.dev/single-replica"). */
  outageAccepted: boolean;
}

export interface Toleration {
  key: string | undefined;
  operator: string;
  value: string | undefined;
  effect: string | undefined;
}

/** What each machine spends on pods that run everywhere. */
export interface DaemonOverhead {
  name: string;
  /** Machines that have such a pod. Default: all. */
  machines?: ReadonlySet<DomainId>;
  cpuMilli: number | undefined;
  memoryMiB: number | undefined;
  /** Where the plan would say them. */
  requestsSaidIn: string;
}

export interface DisruptionBudget {
  name: string;
  namespace: string;
  /** matchLabels; absent when the selector is not plain labels. */
  selector: Record<string, string> | undefined;
  minAvailable: unknown;
  maxUnavailable: unknown;
}

export interface Autoscaler {
  pools: string[] | "all";
  replicas: number;
  spread: "zone" | "machine" | "none";
  /** Above this share of unready machines it stops acting. */
  maxUnreadyPercent: number;
  /** Up to this number of unready machines the share does not matter. */
  unreadyCountAllowed: number;
}

/** Replicated storage whose replicas keep apart by `failureDomain`. */
export interface StoragePool {
  name: string;
  size: number;
  minSize: number;
  failureDomain: "zone" | "machine" | "none";
  /** Places that can hold a replica; absent when the plan does not say where the disks are. */
  places: Part[] | undefined;
  /** What would help, where that is neither `min_size` nor `failureDomain`. */
  fix?: string;
}

/** Way out of the cluster for the machines of one zone. */
export interface EgressRoute {
  zone: DomainId;
  /** What must be alive; absent when the plan has no way out. */
  through: DomainId | undefined;
}

/** Two members of one quorum whose changes nothing puts in order. */
export interface UnorderedSteps {
  step: string;
  machines: [string, string];
}

/** Something that cannot be judged. */
export interface Unknown {
  why: string;
  /** What to add to the plan or the configuration so that it can be, e.g. "give web a request for CPU". */
  remedy: string;
}

/** What the plan leaves open, by the claim that it weakens. */
export interface Gap extends Unknown {
  claim: string;
}

export interface Model {
  domains: Domain[];
  zones: DomainId[];
  quorums: Quorum[];
  managed: ManagedControlPlane | undefined;
  apiServers: Part[];
  frontends: ApiFrontend[];
  nodes: WorkerNode[];
  /** Machines of control planes, where the plan says what they have: some pods run only there. */
  controlPlaneNodes: WorkerNode[];
  pools: WorkerPool[];
  workloads: Workload[];
  daemons: DaemonOverhead[];
  budgets: DisruptionBudget[];
  autoscaler: Autoscaler | undefined;
  storage: StoragePool[];
  /** Absent when the plan says nothing about ways out of the cluster. */
  egress: EgressRoute[] | undefined;
  /** False when machines bring everything with them; absent when not said. */
  needsEgress: boolean | undefined;
  /** Absent when the plan has no steps on machines that a roll would touch. */
  unorderedSteps: UnorderedSteps[] | undefined;
  gaps: Gap[];
}

/** Every machine on which some pod may run: workers first, in the order of `nodes`. */
export function podMachines({ nodes, controlPlaneNodes }: Model): WorkerNode[] {
  return [...nodes, ...controlPlaneNodes];
}

/** Grows a model; domains are named once and found again by kind and name. */
export class ModelBuilder {
  readonly model: Model = {
    domains: [],
    zones: [],
    quorums: [],
    managed: undefined,
    apiServers: [],
    frontends: [],
    nodes: [],
    controlPlaneNodes: [],
    pools: [],
    workloads: [],
    daemons: [],
    budgets: [],
    autoscaler: undefined,
    storage: [],
    egress: undefined,
    needsEgress: undefined,
    unorderedSteps: undefined,
    gaps: [],
  };
  readonly #ids = new Map<string, DomainId>();

  /** The domain of this kind and name, made on first use. Later calls only add to `within`. */
  domain(kind: DomainKind, name: string, within: DomainId[] = []): DomainId {
    const key = `${kind}\n${name}`;
    const known = this.#ids.get(key);
    if (known !== undefined) {
      const domain = this.model.domains[known];
      if (domain) domain.within = [...new Set([...domain.within, ...within])];
      return known;
    }
    const id = this.model.domains.length;
    this.model.domains.push({ id, kind, name, within: [...within] });
    this.#ids.set(key, id);
    if (kind === "zone") this.model.zones.push(id);
    return id;
  }

  gap(claim: string, why: string, remedy: string): void {
    if (this.model.gaps.some((gap) => gap.claim === claim && gap.why === why)) return;
    this.model.gaps.push({ claim, why, remedy });
  }

  /** Room or demand that the plan leaves open: with and without the autoscaler. */
  capacityGap(why: string, remedy: string): void {
    for (const claim of ["capacity", "capacity-unaided"]) this.gap(claim, why, remedy);
  }
}

/** Domains lost with each domain, itself included. */
export function closures(model: Model): DomainId[][] {
  const inside: DomainId[][] = model.domains.map(() => []);
  for (const domain of model.domains) {
    for (const outer of domain.within) inside[outer]?.push(domain.id);
  }
  return model.domains.map((domain) => {
    const seen = new Set<DomainId>([domain.id]);
    const queue = [domain.id];
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      for (const inner of inside[id] ?? []) {
        if (seen.has(inner)) continue;
        seen.add(inner);
        queue.push(inner);
      }
    }
    return [...seen];
  });
}
