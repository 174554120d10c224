import { awsCharts } from "../chartsInUse.ts";
import { parseCidr, size } from "../cidr.ts";
import type { Finding } from "../errors.ts";
import type { Ec2Config, PoolConfig } from "../schema.ts";
import { privatePrefix, reservedPerSubnet } from "../vpcLayout.ts";
import { account } from "./access.ts";
import { malformed, openToTheWorld, overlapping, sized } from "./addresses.ts";
import { charts } from "./charts.ts";
import { ec2Etcd, machines } from "./ec2Machines.ts";
import { podPrefixPerHost } from "./hostAddresses.ts";
import { ingress } from "./ingress.ts";
import { instances } from "./instances.ts";
import { logRetention } from "./logs.ts";
import { clusterName, entryNames, labels, tags, taints } from "./names.ts";
import { namespaces } from "./namespaces.ts";
import { poolCounts, poolVolumes, somePool } from "./pools.ts";
import { remoteWorkers } from "./remoteWorkers.ts";
import { type Rule, ruleOver } from "./rule.ts";
import { storage } from "./storage.ts";
import { selfManagedVersion } from "./versions.ts";
import { fewestZones, region, zones } from "./zones.ts";

const rule = ruleOver<Ec2Config>();

/** IAM and SSM names hold cluster and pool. */
const longestPoolName = 32;

/** Everything that must hold for a self-managed cluster on EC2, in the order of the report. */
export const ec2Rules: readonly Rule<Ec2Config>[] = [
  rule(["name"], clusterName),
  rule(["tags"], tags),
  rule(["kubernetes"], selfManagedVersion),
  rule(["region"], region),
  rule(["accountId"], account),
  rule(["region", "zones"], zones),
  rule(["network", "kubernetes"], ({ network, kubernetes }) => {
    const vpc = { key: "network.cidr", text: network.cidr, what: "The VPC" };
    const services = {
      key: "kubernetes.serviceCidr",
      text: kubernetes.serviceCidr,
      what: "Service addresses",
    };
    const pods = { key: "kubernetes.podCidr", text: kubernetes.podCidr, what: "Pod addresses" };
    return [
      ...malformed([vpc, services, pods]),
      ...sized(vpc, 16, 20),
      ...sized(services, 12, 24),
      ...sized(pods, 8, podPrefixPerHost),
      ...overlapping([vpc, services, pods]),
    ];
  }),
  rule(["network", "kubernetes", "pools"], nodeRoom),
  rule(["api", "network"], ({ api, network }) => {
    const clients = api.clientCidrs.map((text, index) => ({
      key: `api.clientCidrs[${index}]`,
      text,
      what: "Clients",
    }));
    const vpc = { key: "network.cidr", text: network.cidr, what: "the VPC" };
    return [
      ...malformed(clients),
      ...overlapping([vpc, ...clients]),
      ...openToTheWorld("api.clientCidrs", api.clientCidrs),
      ...operatorAddress(api.operatorAddress),
    ];
  }),
  rule(["remoteWorkers", "network", "kubernetes", "podNetwork"], remoteWorkers),
  rule(["machineImage", "etcd", "controlPlane", "pools"], machines),
  rule(["etcd"], ec2Etcd),
  rule(["pools"], somePool),
  rule(["pools"], ({ pools }) => entryNames("pools", Object.keys(pools), longestPoolName)),
  rule(["pools"], takenNames),
  rule(["zones", "pools"], poolCounts),
  rule(["pools"], poolVolumes),
  rule(["pools"], instances),
  rule(["pools"], steadyPool),
  rule(["pools"], ({ pools }) =>
    Object.entries(pools).flatMap(([name, pool]) => [
      ...labels(`pools.${name}.labels`, pool.labels),
      ...taints(`pools.${name}.taints`, pool.taints),
    ]),
  ),
  rule(["zones", "pools", "storage"], storage),
  rule(["namespaces", "kubernetes"], namespaces),
  rule(["charts", "storage", "ingress"], ({ charts: config, ...choices }) =>
    charts(config, awsCharts("ec2", choices)),
  ),
  rule(["ingress"], ({ ingress: config }) => ingress(config, "nodes")),
  rule(["logRetentionDays"], logRetention),
];

/** A host and a port, as a kubeconfig's server has them. */
function operatorAddress(address: string | undefined): Finding[] {
  const port = Number(/^[A-Za-z0-9.-]{1,253}:(\d{1,5})$/.exec(address ?? "x:1")?.[1] ?? 0);
  if (port >= 1 && port <= 65535) return [];
  return [
    {
      key: "api.operatorAddress",
      value: address,
      remedy: 'Write "host:port", e.g. "127.0.0.1:8443", without a scheme.',
      rule: "It is where the stack connects to instead of the API's own name.",
    },
  ];
}

interface NodeRoom {
  network: { cidr: string };
  kubernetes: { podCidr: string };
  pools: Record<string, PoolConfig>;
}

/** A range of pods for each node, and an address for each node of a zone in its private subnet. */
function nodeRoom({ network, kubernetes, pools }: NodeRoom): Finding[] {
  const perZone = Object.values(pools).reduce((sum, pool) => sum + pool.nodesPerZone.max, 0);
  const findings: Finding[] = [];
  const pods = parseCidr(kubernetes.podCidr);
  const nodes = perZone * fewestZones + 2 * fewestZones;
  if (pods !== undefined && size(pods) / 2 ** (32 - podPrefixPerHost) < nodes)
    findings.push({
      key: "kubernetes.podCidr",
      value: kubernetes.podCidr,
      remedy: `Use a /${Math.max(8, podPrefixPerHost - Math.ceil(Math.log2(nodes)))} or larger, or smaller nodesPerZone.max.`,
      rule: `Each node takes a /${podPrefixPerHost}, and there can be ${nodes} of them in three zones.`,
    });
  const vpc = parseCidr(network.cidr);
  if (vpc === undefined || vpc.prefix > 20) return findings;
  const bits = privatePrefix(vpc.prefix);
  const room = 2 ** (32 - bits) - reservedPerSubnet - otherAddresses;
  if (perZone > room)
    findings.push({
      key: "network.cidr",
      value: network.cidr,
      remedy: "Use a larger network, or smaller nodesPerZone.max.",
      rule: `Each zone's private subnet is a /${bits} with room for ${room} nodes, and there can be ${perZone}.`,
    });
  return findings;
}

/** Control planes, two of them during a replacement, and load balancers beside the nodes. */
const otherAddresses = 16;

/** Groups of machines are named after their pool or role. */
function takenNames({ pools }: { pools: Record<string, PoolConfig> }): Finding[] {
  return Object.keys(pools)
    .filter((name) => ["etcd", "control-plane"].includes(name))
    .map((name) => ({
      key: `pools.${name}`,
      value: undefined,
      remedy: "Choose another name.",
      rule: "The cluster's own machines of that role have it.",
    }));
}

/** Cluster DNS needs an untainted on-demand node in each zone. */
function steadyPool({ pools }: { pools: Record<string, PoolConfig> }): Finding[] {
  const steady = Object.values(pools).some(
    (pool) =>
      pool.nodesPerZone.min >= 1 &&
      pool.capacity === "on-demand" &&
      pool.taints.every((taint) => taint.effect === "PreferNoSchedule"),
  );
  // No pool at all is reported on its own.
  if (steady || Object.keys(pools).length === 0) return [];
  return [
    {
      key: "pools",
      value: Object.keys(pools),
      remedy: "Give one untainted on-demand pool a nodesPerZone.min of 1 or more.",
      rule: "Cluster DNS keeps a server in each zone, and the control planes are tainted.",
    },
  ];
}
