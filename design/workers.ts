import { parseAddress } from "../config/cidr.ts";
import type { RemoteHostConfig, WorkersConfig } from "../config/schema.ts";
import { selfManagedVersions } from "../config/versions.ts";
import { apiName, changed } from "./ec2/machineFiles.ts";
import { ec2Names } from "./ec2/names.ts";
import { type HostPlan, hostFacts } from "./hosts.ts";
import { type JoinFacts, joinFacts } from "./joinFacts.ts";
import { behindHaproxy, type KubernetesPlan, type NodePlan } from "./kubernetesPlan.ts";
import type { MachineStep } from "./machine.ts";
import { secretsFor } from "./pki.ts";
import { planPodNetwork } from "./podNetwork.ts";
import { ports } from "./ports.ts";
import { artifactsStep } from "./render/artifacts.ts";
import { containerdStep } from "./render/containerd.ts";
import { nodeStep } from "./render/node.ts";
import { overlayStep } from "./render/overlay.ts";
import { pkiStep, script } from "./render/pki.ts";
import { preflightQuestions } from "./render/preflight.ts";
import { fill, type Templates } from "./render/template.ts";
import { workerStep } from "./render/workers.ts";

/** Workers of another stack's cluster. */
export interface WorkersPlan {
  clusterName: string;
  zones: string[];
  /** What the files of the machines were made with; the other stack must say the same. */
  facts: JoinFacts;
  machines: HostPlan[];
}

/** The plan of a stack of platform "workers". Pure: the same config gives the same text. */
export function planWorkers(config: WorkersConfig, templates: Templates): WorkersPlan {
  const kubernetes = joinedCluster(config);
  return {
    clusterName: config.name,
    zones: [...new Set(Object.values(config.hosts).map(({ zone }) => zone))].sort(),
    facts: joinFacts(kubernetes),
    machines: Object.entries(config.hosts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, host]) => remoteHost(config, templates, kubernetes, name, host)),
  };
}

function joinedCluster(config: WorkersConfig): KubernetesPlan {
  const versions = selfManagedVersions[config.kubernetes.version];
  if (versions === undefined)
    throw new RangeError(`Kubernetes ${config.kubernetes.version} should have been refused`);
  const { accountId, region } = config.attachTo;
  return {
    clusterName: config.name,
    versions,
    apiName: ec2Names(config.name, accountId, region).apiName,
    // The site's name server asks that of the VPC.
    apiVip: "",
    apiPort: ports.apiServer,
    controlPlanes: [],
    network: planPodNetwork(config),
    nodeZones: [],
    imagesArePreloaded: config.artifacts.source === "preinstalled",
    apiServerShutdown: behindHaproxy,
  };
}

function remoteHost(
  config: WorkersConfig,
  templates: Templates,
  kubernetes: KubernetesPlan,
  name: string,
  host: RemoteHostConfig,
): HostPlan {
  const roles = ["worker"] as const;
  const steps = stepsOf(config, templates, kubernetes, name, host);
  return {
    ...hostFacts(name, host),
    roles,
    steps,
    secrets: secretsFor(roles),
    paces: steps.map((step) => ({ name: step.name, oneAtATime: "no" })),
    hasHostCertificate: false,
    preflight: preflightQuestions(config, name, { address: host.address, roles: [...roles] }),
  };
}

function stepsOf(
  config: WorkersConfig,
  templates: Templates,
  kubernetes: KubernetesPlan,
  name: string,
  host: RemoteHostConfig,
): MachineStep[] {
  const { artifacts, podMtuBytes } = config;
  const machine = { name, address: host.address };
  const node: NodePlan = {
    ...machine,
    zone: host.zone,
    role: "worker",
    labels: host.labels,
    taints: host.taints,
    // The cloud's controller cannot read it, and so does not delete a node that it does not know.
    providerId: `quorum://${config.name}/${name}`,
  };
  return [
    changed(nodeStep(templates, kubernetes, { ...machine, isKubernetesNode: true }), [
      apiName(templates),
      {
        path: "/etc/quorum/host.kubeconfig",
        mode: "0644",
        text: fill(templates, "ec2/host.kubeconfig", {
          API_NAME: kubernetes.apiName,
          API_PORT: kubernetes.apiPort,
        }),
      },
    ]),
    ...(artifacts.source === "download"
      ? [artifactsStep(templates, artifacts, kubernetes.versions, ["worker"])]
      : []),
    pkiStep(templates, { ...machine, roles: ["worker"] }, parseAddress(host.address) ?? 0),
    containerdStep(templates, kubernetes),
    // All nodes count as far: those of the same site lose a few bytes of each packet by it.
    overlayStep(templates, kubernetes.network, { ranges: ["0.0.0.0/0"], mtuBytes: podMtuBytes }),
    changed(workerStep(templates, kubernetes, node), [
      script(templates, "workers/storedToken.sh", "/usr/local/bin/quorum-join-token"),
    ]),
  ];
}
