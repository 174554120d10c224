import type { HostConfig, HostsConfig } from "../config/schema.ts";
import { type SelfManagedVersions, selfManagedVersions } from "../config/versions.ts";
import { type PodNetworkPlan, planPodNetwork } from "./podNetwork.ts";

/** What all nodes of one self-managed cluster share. */
export interface KubernetesPlan {
  clusterName: string;
  versions: SelfManagedVersions;
  /** Name of the API: the virtual address on every machine, itself on a control plane. */
  apiName: string;
  /** IPv4 address; "" where a name server leads the API's name. */
  apiVip: string;
  /** Port at the virtual address. */
  apiPort: number;
  /** By name; the order is the same on every machine. */
  controlPlanes: NodePlan[];
  network: PodNetworkPlan;
  /** Failure domains that have nodes, sorted; cluster DNS runs once in each. */
  nodeZones: string[];
  /** Images are at hand and may not be collected as unused. */
  imagesArePreloaded: boolean;
  apiServerShutdown: ShutdownPlan;
  /** Set where a cloud controller manager completes the nodes: a node starts tainted until it has. */
  cloud?: { region: string };
}

/**
 * A leaving API server goes on serving for `delay`, until balancers send it nothing new; then it asks its
 * clients to go (GOAWAY: what it has not begun they send elsewhere) and ends its watches. kubelet kills
 * it after `grace`, longer than delay + requests + watches, and holds the machine's shutdown up for `machine`.
 */
export interface ShutdownPlan {
  delaySeconds: number;
  watchesSeconds: number;
  graceSeconds: number;
  machineSeconds: number;
  /**
   * Listens on after the delay, and answers everything with 429 until what is under way has ended: for a
   * balancer that may still send something. A request on a connection that lives is lost by it.
   */
  sendsRetryAfter: boolean;
}

/** HAProxy needs 1.6 s to see an API server go, and goes elsewhere when a connection is refused. */
export const behindHaproxy: ShutdownPlan = {
  sendsRetryAfter: false,
  delaySeconds: 20,
  watchesSeconds: 15,
  graceSeconds: 95,
  machineSeconds: 120,
};

/** One machine that is a node of the cluster. */
export interface NodePlan {
  name: string;
  address: string;
  zone: string;
  role: "control-plane" | "worker";
  labels: Record<string, string>;
  taints: HostConfig["taints"];
  /** Name of the machine at its cloud, e.g. "aws:///eu-west-1a/i-0abc". */
  providerId?: string;
  /** Default: kubelet's own. */
  maxPods?: number;
}

/** @throws Error on a Kubernetes version that `versions.ts` does not have: parsed configs have none. */
export function kubernetesPlan(config: HostsConfig): KubernetesPlan {
  const versions = selfManagedVersions[config.kubernetes.version];
  if (versions === undefined) {
    throw new Error(`versions.ts has no Kubernetes ${config.kubernetes.version}`);
  }
  const hosts = Object.entries(config.hosts).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    clusterName: config.name,
    versions,
    apiName: `api.${config.name}.internal`,
    apiVip: config.api.vip,
    apiPort: config.api.port,
    controlPlanes: hosts
      .filter(([, { roles }]) => roles.includes("control-plane"))
      .map(([name, host]) => nodePlan(name, host)),
    network: planPodNetwork(config),
    nodeZones: [
      ...new Set(hosts.filter(([, host]) => isNode(host)).map(([, { zone }]) => zone)),
    ].sort(),
    imagesArePreloaded: config.artifacts.source === "preinstalled",
    apiServerShutdown: behindHaproxy,
  };
}

/** A control plane that is a worker as well is a control plane without the taint. */
export function nodePlan(name: string, host: HostConfig): NodePlan {
  const isControlPlane = host.roles.includes("control-plane");
  const keepOut = {
    key: "node-role.kubernetes.io/control-plane",
    value: "",
    effect: "NoSchedule",
  } as const;
  return {
    name,
    address: host.address,
    zone: host.zone,
    role: isControlPlane ? "control-plane" : "worker",
    labels: host.labels,
    taints:
      isControlPlane && !host.roles.includes("worker") ? [...host.taints, keepOut] : host.taints,
  };
}

/** True for a machine that runs kubelet. */
export function isNode({ roles }: HostConfig): boolean {
  return roles.includes("control-plane") || roles.includes("worker");
}
