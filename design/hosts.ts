import { parseAddress } from "../config/cidr.ts";
import type { HostConfig, HostRole, HostsConfig, RemoteHostConfig } from "../config/schema.ts";
import { type EtcdPlan, etcdPlan } from "./etcdPlan.ts";
import { isNode, type KubernetesPlan, kubernetesPlan, nodePlan } from "./kubernetesPlan.ts";
import { type LoadBalancerPlan, loadBalancerPlan } from "./loadBalancerPlan.ts";
import type { MachinePlan, MachineStep } from "./machine.ts";
import { secretsFor } from "./pki.ts";
import { segmentOf } from "./podNetwork.ts";
import { artifactsStep } from "./render/artifacts.ts";
import { clusterServicesStep, dnsRequests } from "./render/clusterServices.ts";
import { containerdStep } from "./render/containerd.ts";
import { controlPlaneStep } from "./render/controlPlane.ts";
import { etcdStep } from "./render/etcd.ts";
import { etcdClientStep, etcdSnapshotsStep } from "./render/etcdClient.ts";
import { apiHealthAgentStep, loadBalancerStep } from "./render/loadBalancer.ts";
import { localVolumesStep } from "./render/localVolumes.ts";
import { nodeStep } from "./render/node.ts";
import { pkiStep } from "./render/pki.ts";
import { podNetworkStep } from "./render/podNetwork.ts";
import { preflightQuestions } from "./render/preflight.ts";
import type { Templates } from "./render/template.ts";
import { workerStep } from "./render/workers.ts";

/** How the members that run a step are kept from changing at once; see decision 0003. */
export type Pace = "lock" | "order" | "no";

export interface HostPlan extends MachinePlan {
  roles: readonly HostRole[];
  /** Layer-2 segment of the address. */
  segment: string;
  labels: Record<string, string>;
  taints: HostConfig["taints"];
  size: HostConfig["size"];
  physicalHost: string | undefined;
  /** How many times the machine has been installed, this one included. */
  installation: number;
  paces: { name: string; oneAtATime: Pace }[];
  /** A certificate of its own, to fetch the join token and to prove its name and address. */
  hasHostCertificate: boolean;
  /** What its preflight is asked, as templates/node/preflight.sh reads it. */
  preflight: string;
}

/** Everything that platform "hosts" puts on machines. */
export interface HostsPlan {
  clusterName: string;
  zones: string[];
  kubernetes: KubernetesPlan;
  etcd: EtcdPlan;
  loadBalancer: LoadBalancerPlan;
  dns: {
    replicas: number;
    spread: "zone";
    cpuMilli: number;
    memoryMiB: number;
    nodeTaintsPolicy: "Honor";
  };
  /** The machines fetch binaries and images from outside. */
  needsEgress: boolean;
  /** Refuse to delete or replace the roots of trust. */
  deletionProtection: boolean;
  /** etcd members first, then load balancers, control planes, workers; by name within a role. */
  machines: HostPlan[];
}

const roleOrder: readonly HostRole[] = ["etcd", "load-balancer", "control-plane", "worker"];

/** The plan of a stack of platform "hosts". Pure: the same config gives the same text. */
export function planHosts(config: HostsConfig, templates: Templates): HostsPlan {
  const kubernetes = kubernetesPlan(config);
  const plans: Plans = {
    config,
    templates,
    kubernetes,
    etcd: etcdPlan(config),
    loadBalancer: loadBalancerPlan(config),
  };
  return {
    clusterName: config.name,
    deletionProtection: config.deletionProtection,
    zones: [...new Set(Object.values(config.hosts).map(({ zone }) => zone))].sort(),
    kubernetes,
    etcd: plans.etcd,
    loadBalancer: plans.loadBalancer,
    dns: {
      replicas: kubernetes.nodeZones.length,
      spread: "zone",
      ...dnsRequests,
      nodeTaintsPolicy: "Honor",
    },
    needsEgress: config.artifacts.source === "download",
    machines: Object.entries(config.hosts)
      .sort(([a, one], [b, other]) => rank(one) - rank(other) || (a < b ? -1 : 1))
      .map(([name, host]) => hostPlan(plans, name, host)),
  };
}

interface Plans {
  config: HostsConfig;
  templates: Templates;
  kubernetes: KubernetesPlan;
  etcd: EtcdPlan;
  loadBalancer: LoadBalancerPlan;
}

function rank(host: HostConfig): number {
  return Math.min(...host.roles.map((role) => roleOrder.indexOf(role)));
}

/** What the stack file says of a host, whatever it is for. */
export function hostFacts(name: string, host: RemoteHostConfig) {
  const { address, zone, labels, taints, size, physicalHost, installation } = host;
  const segment = segmentOf(address);
  return { name, address, zone, segment, labels, taints, size, physicalHost, installation };
}

function hostPlan(plans: Plans, name: string, host: HostConfig): HostPlan {
  const steps = stepsOf(plans, name, host);
  return {
    ...hostFacts(name, host),
    roles: host.roles,
    steps,
    secrets: secretsFor(host.roles),
    paces: steps.map((step) => ({ name: step.name, oneAtATime: pace(step) })),
    hasHostCertificate: isNode(host),
    preflight: preflightQuestions(plans.config, name, host),
  };
}

/** Load balancers have no access to etcd, hence to its locks. */
function pace({ name, oneAtATime }: MachineStep): Pace {
  if (!oneAtATime) return "no";
  return name === "load-balancer" ? "order" : "lock";
}

/** In the order in which they run. */
function stepsOf(plans: Plans, name: string, host: HostConfig): MachineStep[] {
  const { templates, kubernetes, etcd, loadBalancer, config } = plans;
  const { address, roles } = host;
  const has = (role: HostRole): boolean => roles.includes(role);
  const node = nodePlan(name, host);
  const machine = { name, address };
  // From the address, so that another machine's coming changes nothing here.
  const order = parseAddress(address) ?? 0;
  const when = (condition: boolean, step: () => MachineStep): MachineStep[] =>
    condition ? [step()] : [];
  return [
    nodeStep(templates, kubernetes, { ...machine, isKubernetesNode: isNode(host) }),
    ...artifactsOf(plans, roles),
    pkiStep(templates, { ...machine, roles }, order),
    ...when(has("etcd"), () => etcdStep(templates, etcd, machine)),
    ...when(has("load-balancer"), () => loadBalancerStep(templates, loadBalancer, machine)),
    ...when(isNode(host), () => containerdStep(templates, kubernetes)),
    ...when(isNode(host) && config.podNetwork === "routed", () =>
      podNetworkStep(templates, kubernetes.network),
    ),
    ...(config.localVolumes !== undefined && has("worker")
      ? [localVolumesStep(templates, config.localVolumes)]
      : []),
    ...when(has("control-plane") && !has("etcd"), () =>
      etcdClientStep(templates, etcd, address, "control-plane"),
    ),
    ...when(has("control-plane"), () => controlPlaneStep(templates, kubernetes, etcd, node)),
    ...when(has("control-plane"), () => clusterServicesStep(templates, kubernetes)),
    ...when(has("control-plane"), () => apiHealthAgentStep(templates, loadBalancer, machine)),
    ...when(has("control-plane"), () => etcdSnapshotsStep(templates, etcd)),
    ...when(has("worker") && !has("control-plane"), () => workerStep(templates, kubernetes, node)),
  ];
}

/** Load balancers run what their distribution brings. */
function artifactsOf(plans: Plans, roles: readonly HostRole[]): MachineStep[] {
  const { artifacts } = plans.config;
  if (artifacts.source !== "download" || roles.every((role) => role === "load-balancer")) return [];
  return [artifactsStep(plans.templates, artifacts, plans.kubernetes.versions, roles)];
}
