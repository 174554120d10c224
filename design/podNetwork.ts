import { formatAddress, parseCidr, size } from "../config/cidr.ts";

/** Addresses inside the cluster. */
export interface PodNetworkPlan {
  /** Range of all pods. The controller manager gives each node a part and writes it on its Node. */
  podCidr: string;
  /** Length of each node's part: a /24 has room for 254 pods, kubelet's limit is 110. */
  nodePrefix: number;
  /** How many nodes fit. */
  nodeSlots: number;
  serviceCidr: string;
  /** Service address of cluster DNS: the tenth of the range, as kubeadm has it. */
  dnsAddress: string;
}

const nodePrefix = 24;

/**
 * The cluster's inner addresses. A node's part is given when it registers and stays with it, so
 * adding or removing a worker moves nothing and changes no file of another machine.
 */
export function planPodNetwork(config: {
  kubernetes: { podCidr: string; serviceCidr: string };
}): PodNetworkPlan {
  const { podCidr, serviceCidr } = config.kubernetes;
  const pods = parseCidr(podCidr);
  const services = parseCidr(serviceCidr);
  if (pods === undefined || services === undefined) {
    throw new Error("planPodNetwork is given a config that has not been parsed");
  }
  return {
    podCidr,
    nodePrefix,
    nodeSlots: 2 ** Math.max(0, nodePrefix - pods.prefix),
    serviceCidr,
    dnsAddress: formatAddress(services.start + Math.min(10, size(services) - 2)),
  };
}

/**
 * Layer-2 segment of an address, for what must share one (the load balancers' virtual address, the
 * routes between pods). The stack file does not say it: the /24 is taken for it.
 */
export function segmentOf(address: string): string {
  return `${address.slice(0, address.lastIndexOf("."))}.0/24`;
}
