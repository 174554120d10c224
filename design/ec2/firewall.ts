import type { Ec2Config } from "../../config/schema.ts";
import { ports } from "../ports.ts";

/** Machines or interfaces that share a security group. */
export type FirewallGroup = "etcd" | "control-plane" | "worker" | "api" | "endpoints";

/** One allowed flow. What no flow names is closed, in both directions. */
export interface Ec2Flow {
  /** A group, or an IPv4 range outside the VPC. */
  from: FirewallGroup | { cidr: string };
  /** A group, S3 by its gateway endpoint, or an IPv4 range. */
  to: FirewallGroup | "s3" | { cidr: string };
  protocol: "tcp" | "udp" | "icmp" | "all";
  /** First and last port; none for "icmp" and "all". */
  ports?: { from: number; to: number };
  reason: string;
}

export const firewallGroups: readonly FirewallGroup[] = [
  "etcd",
  "control-plane",
  "worker",
  "api",
  "endpoints",
];

const one = (port: number) => ({ from: port, to: port });
const anywhere = { cidr: "0.0.0.0/0" };

const machineGroups = ["etcd", "control-plane", "worker"] as const;
const nodeGroups = ["control-plane", "worker"] as const;

/** Every flow of the cluster: the one source of its security groups. */
export function planEc2Firewall(config: Ec2Config): Ec2Flow[] {
  return [
    ...etcdFlows(),
    ...apiFlows(config),
    ...nodeFlows(config),
    ...webhookFlows(config),
    ...(config.remoteWorkers?.cidrs ?? []).flatMap(remoteFlows),
    ...awsFlows(),
  ];
}

function etcdFlows(): Ec2Flow[] {
  const tcp = (
    from: FirewallGroup,
    range: { from: number; to: number },
    reason: string,
  ): Ec2Flow => ({
    from,
    to: "etcd",
    protocol: "tcp",
    ports: range,
    reason,
  });
  return [
    tcp("control-plane", one(ports.etcdClient), "API servers read and write"),
    tcp("control-plane", one(ports.etcdHttp), "API servers ask for etcd's health"),
    tcp("etcd", { from: ports.etcdClient, to: ports.etcdPeer }, "Members replicate and admit"),
    tcp("etcd", one(ports.etcdMarker), "Members ask whether the cluster was formed"),
  ];
}

function apiFlows(config: Ec2Config): Ec2Flow[] {
  const toBalancer = (from: Ec2Flow["from"], reason: string): Ec2Flow => ({
    from,
    to: "api",
    protocol: "tcp",
    ports: one(ports.apiServer),
    reason,
  });
  const toServers = (from: FirewallGroup, reason: string): Ec2Flow => ({
    from,
    to: "control-plane",
    protocol: "tcp",
    ports: one(ports.apiServer),
    reason,
  });
  return [
    toBalancer("control-plane", "Control planes join"),
    toBalancer("worker", "Nodes call the API"),
    ...config.api.clientCidrs.map((cidr) =>
      toBalancer({ cidr }, "Clients outside the VPC call the API"),
    ),
    toServers("api", "The balancer forwards, and asks for health"),
    toServers("control-plane", "Pods call the API's Service, which leads to the servers"),
    toServers("worker", "Pods call the API's Service, which leads to the servers"),
  ];
}

function nodeFlows({ podNetwork }: Ec2Config): Ec2Flow[] {
  const kubelet = (from: FirewallGroup, to: FirewallGroup, reason: string): Ec2Flow => ({
    from,
    to,
    protocol: "tcp",
    ports: one(ports.kubelet),
    reason,
  });
  const pairs = nodeGroups.flatMap((from) => nodeGroups.map((to) => ({ from, to })));
  return [
    ...nodeGroups.map((to) => kubelet("control-plane", to, "API servers reach kubelets")),
    ...nodeGroups.map((to) => kubelet("worker", to, "The metrics server asks kubelets")),
    ...(podNetwork === "vxlan"
      ? pairs.map(
          (pair): Ec2Flow => ({
            ...pair,
            protocol: "udp",
            ports: one(ports.vxlan),
            reason: "Pods reach pods",
          }),
        )
      : []),
    ...pairs.map(
      (pair): Ec2Flow => ({
        ...pair,
        protocol: "icmp",
        reason: "Nodes learn the path's packet size",
      }),
    ),
    {
      from: "control-plane",
      to: anywhere,
      protocol: "tcp",
      ports: one(443),
      reason: "Images and webhooks from outside",
    },
    { from: "worker", to: anywhere, protocol: "all", reason: "Workloads call what they need" },
  ];
}

/** The load balancer controller stands on control planes, in their network. */
function webhookFlows({ ingress }: Ec2Config): Ec2Flow[] {
  if (ingress === undefined) return [];
  return [
    {
      from: "control-plane",
      to: "control-plane",
      protocol: "tcp",
      ports: one(ports.loadBalancerWebhook),
      reason: "API servers call the load balancer controller's webhooks",
    },
  ];
}

/**
 * Workers of another place, behind a VPN: what they need of the cluster, and it of them. Workers here
 * may call anywhere as it is.
 */
function remoteFlows(cidr: string): Ec2Flow[] {
  const place = { cidr };
  const overlay = { protocol: "udp", ports: one(ports.vxlan) } as const;
  const pods = "Pods reach pods of another place";
  const size = "Nodes learn the size of packets on the way";
  return [
    {
      from: place,
      to: "api",
      protocol: "tcp",
      ports: one(ports.apiServer),
      reason: "Workers of another place call the API",
    },
    {
      from: "control-plane",
      to: place,
      protocol: "tcp",
      ports: one(ports.kubelet),
      reason: "API servers reach kubelets of another place",
    },
    ...nodeGroups.flatMap((group): Ec2Flow[] => [
      { from: place, to: group, ...overlay, reason: pods },
      { from: place, to: group, protocol: "icmp", reason: size },
    ]),
    // Their pods call the API's Service, which leads to the servers themselves.
    {
      from: place,
      to: "control-plane",
      protocol: "tcp",
      ports: one(ports.apiServer),
      reason: "Pods of another place call the API's Service",
    },
    { from: "control-plane", to: place, ...overlay, reason: pods },
    { from: "control-plane", to: place, protocol: "icmp", reason: size },
  ];
}

function awsFlows(): Ec2Flow[] {
  const https = (from: FirewallGroup, to: "endpoints" | "s3", reason: string): Ec2Flow => ({
    from,
    to,
    protocol: "tcp",
    ports: one(443),
    reason,
  });
  return machineGroups.flatMap((from) => [
    https(from, "endpoints", "Machines call AWS inside the VPC"),
    https(from, "s3", "Machine files and snapshots"),
  ]);
}
