import { hostsCharts } from "../chartsInUse.ts";
import type { HostsConfig } from "../schema.ts";
import { malformed, overlapping, sized } from "./addresses.ts";
import { charts } from "./charts.ts";
import { hostAddresses, hostRanges } from "./hostAddresses.ts";
import { controlPlanes, etcdMembers, loadBalancers, roleMix, workers } from "./hostRoles.ts";
import { apiPort, artifacts, etcd, powerStatus, ssh } from "./hostSettings.ts";
import { hostsStorage } from "./hostsStorage.ts";
import { localVolumes } from "./localVolumes.ts";
import { clusterName, entryNames, labels, tags, taints, zoneNames } from "./names.ts";
import { namespaces, namespacesNeedGuard } from "./namespaces.ts";
import { type Rule, ruleOver } from "./rule.ts";
import { selfManagedVersion } from "./versions.ts";

const rule = ruleOver<HostsConfig>();

/** Node names are DNS labels of at most 63 characters. */
const longestHostName = 63;

/** Everything that must hold for machines reached by SSH, in the order of the report. */
export const hostsRules: readonly Rule<HostsConfig>[] = [
  rule(["name"], clusterName),
  rule(["tags"], tags),
  rule(["kubernetes"], selfManagedVersion),
  rule(["kubernetes"], ({ kubernetes }) => {
    const services = {
      key: "kubernetes.serviceCidr",
      text: kubernetes.serviceCidr,
      what: "Service addresses",
    };
    const pods = { key: "kubernetes.podCidr", text: kubernetes.podCidr, what: "Pod addresses" };
    return [
      ...malformed([services, pods]),
      // Source: kube-apiserver takes at most 20 bits of Service addresses.
      ...sized(services, 12, 24),
      ...sized(pods, 8, 24),
      ...overlapping([services, pods]),
    ];
  }),
  rule(["hosts"], ({ hosts }) => entryNames("hosts", Object.keys(hosts), longestHostName)),
  rule(["hosts"], ({ hosts }) => zoneNames(hosts)),
  rule(["hosts"], roleMix),
  rule(["hosts"], etcdMembers),
  rule(["hosts"], controlPlanes),
  rule(["hosts"], loadBalancers),
  rule(["hosts"], workers),
  rule(["hosts"], ({ hosts }) =>
    Object.entries(hosts).flatMap(([name, host]) => [
      ...labels(`hosts.${name}.labels`, host.labels),
      ...taints(`hosts.${name}.taints`, host.taints),
    ]),
  ),
  rule(["hosts", "api"], hostAddresses),
  rule(["hosts", "api", "kubernetes"], hostRanges),
  rule(["api", "ssh"], apiPort),
  rule(["ssh"], ssh),
  rule(["etcd"], etcd),
  rule(["hosts", "storage"], hostsStorage),
  rule(["charts", "podNetwork", "storage"], ({ charts: config, ...choices }) =>
    charts(config, hostsCharts(choices)),
  ),
  rule(["namespaces", "kubernetes"], namespaces),
  rule(["guard", "namespaces"], namespacesNeedGuard),
  rule(["localVolumes", "etcd"], localVolumes),
  rule(["powerStatus"], powerStatus),
  rule(["artifacts", "kubernetes"], artifacts),
];
