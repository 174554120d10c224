import { awsCharts } from "../chartsInUse.ts";
import type { EksConfig } from "../schema.ts";
import { account, admins } from "./access.ts";
import { malformed, openToTheWorld, overlapping, sized } from "./addresses.ts";
import { charts } from "./charts.ts";
import { ingress } from "./ingress.ts";
import { instances } from "./instances.ts";
import { logRetention } from "./logs.ts";
import { clusterName, entryNames, labels, tags, taints } from "./names.ts";
import { namespaces } from "./namespaces.ts";
import { nodeGroupNames, poolAddresses, poolCounts, poolVolumes, somePool } from "./pools.ts";
import { type Rule, ruleOver } from "./rule.ts";
import { storage } from "./storage.ts";
import { eksVersion } from "./versions.ts";
import { region, zones } from "./zones.ts";

const rule = ruleOver<EksConfig>();

/** Longest pool name: a DNS label that leaves room for the cluster's and the zone's. */
const longestPoolName = 32;

function clients(key: string, texts: readonly string[]) {
  return texts.map((text, index) => ({ key: `${key}[${index}]`, text, what: "Clients" }));
}

/** Everything that must hold for the managed platform, in the order of the report. */
export const eksRules: readonly Rule<EksConfig>[] = [
  rule(["name"], clusterName),
  rule(["tags"], tags),
  rule(["kubernetes"], eksVersion),
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
    return [
      ...malformed([vpc, services]),
      ...sized(vpc, 16, 20),
      // Source: EKS API, KubernetesNetworkConfigRequest.
      ...sized(services, 12, 24),
      ...overlapping([vpc, services]),
    ];
  }),
  rule(["network", "pools"], poolAddresses),
  rule(["api"], ({ api }) => [
    ...malformed([
      ...clients("api.publicCidrs", api.publicCidrs),
      ...clients("api.privateCidrs", api.privateCidrs),
    ]),
    ...openToTheWorld("api.publicCidrs", api.publicCidrs),
    ...openToTheWorld("api.privateCidrs", api.privateCidrs),
  ]),
  rule(["admins"], ({ admins }) => entryNames("admins", Object.keys(admins), 32)),
  rule(["admins"], admins),
  rule(["pools"], somePool),
  rule(["pools"], ({ pools }) => entryNames("pools", Object.keys(pools), longestPoolName)),
  rule(["name", "zones", "pools"], nodeGroupNames),
  rule(["zones", "pools"], poolCounts),
  rule(["pools"], poolVolumes),
  rule(["pools"], instances),
  rule(["pools"], ({ pools }) =>
    Object.entries(pools).flatMap(([name, pool]) => [
      ...labels(`pools.${name}.labels`, pool.labels),
      ...taints(`pools.${name}.taints`, pool.taints),
    ]),
  ),
  rule(["zones", "pools", "storage"], storage),
  rule(["namespaces", "kubernetes"], namespaces),
  rule(["charts", "storage", "ingress"], ({ charts: config, ...choices }) =>
    charts(config, awsCharts("eks", choices)),
  ),
  rule(["ingress"], ({ ingress: config }) => ingress(config, "pods")),
  rule(["logRetentionDays"], logRetention),
];
