import type { Ec2Config } from "../../config/schema.ts";
import { selfManagedVersions } from "../../config/versions.ts";
import type { KubernetesPlan, NodePlan } from "../kubernetesPlan.ts";
import { planPodNetwork } from "../podNetwork.ts";
import { ports } from "../ports.ts";
import { ec2Names } from "./names.ts";

/**
 * What only the machine itself knows. The files of all machines of a kind are one text; the boot puts
 * these in (templates/ec2/boot.sh).
 */
export const machineFacts = {
  instanceId: "__INSTANCE_ID__",
  address: "__ADDRESS__",
  zone: "__ZONE__",
} as const;

/** An NLB takes up to two minutes to forget a target; the server outlasts that (as OpenShift does). */
const behindNetworkBalancer = {
  sendsRetryAfter: true,
  delaySeconds: 130,
  watchesSeconds: 15,
  graceSeconds: 210,
  machineSeconds: 240,
} as const;

/** What all nodes share. Control planes come and go, so none is listed. */
export function ec2KubernetesPlan(config: Ec2Config): KubernetesPlan {
  const versions = selfManagedVersions[config.kubernetes.version];
  if (versions === undefined)
    throw new RangeError(`Kubernetes ${config.kubernetes.version} should have been refused`);
  return {
    clusterName: config.name,
    versions,
    apiName: ec2Names(config.name, config.accountId, config.region).apiName,
    apiVip: "",
    apiPort: ports.apiServer,
    controlPlanes: [],
    network: planPodNetwork(config),
    nodeZones: config.zones,
    imagesArePreloaded: true,
    apiServerShutdown: behindNetworkBalancer,
    cloud: { region: config.region },
  };
}

const machine = {
  name: machineFacts.instanceId,
  address: machineFacts.address,
  zone: machineFacts.zone,
  providerId: `aws:///${machineFacts.zone}/${machineFacts.instanceId}`,
};

export const controlPlaneNode: NodePlan = {
  ...machine,
  role: "control-plane",
  labels: {},
  taints: [{ key: "node-role.kubernetes.io/control-plane", value: "", effect: "NoSchedule" }],
};

export function workerNode(pool: {
  labels: Record<string, string>;
  taints: NodePlan["taints"];
  podsPerNode: number;
}): NodePlan {
  const { labels, taints, podsPerNode } = pool;
  return { ...machine, role: "worker", labels, taints, maxPods: podsPerNode };
}
