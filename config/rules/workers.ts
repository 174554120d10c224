import type { Finding } from "../errors.ts";
import type { RemoteHostConfig, WorkersConfig } from "../schema.ts";
import { account } from "./access.ts";
import { malformed, overlapping, sized } from "./addresses.ts";
import { addressesOf, usedOnce } from "./hostAddresses.ts";
import { artifacts, ssh } from "./hostSettings.ts";
import { clusterName, entryNames, labels, tags, taints, zoneNames } from "./names.ts";
import { podMtu } from "./remoteWorkers.ts";
import { type Rule, ruleOver } from "./rule.ts";
import { selfManagedVersion } from "./versions.ts";
import { region } from "./zones.ts";

const rule = ruleOver<WorkersConfig>();

/** Node names are DNS labels of at most 63 characters. */
const longestHostName = 63;

/** Everything that must hold for workers of another stack's cluster, in the order of the report. */
export const workersRules: readonly Rule<WorkersConfig>[] = [
  rule(["name"], clusterName),
  rule(["tags"], tags),
  rule(["attachTo"], ({ attachTo }) => [
    ...stackName(attachTo.stack),
    ...[...region(attachTo), ...account(attachTo)].map((finding) => ({
      ...finding,
      key: `attachTo.${finding.key}`,
    })),
  ]),
  rule(["kubernetes"], selfManagedVersion),
  rule(["kubernetes"], ({ kubernetes: { serviceCidr, podCidr } }) => {
    const services = {
      key: "kubernetes.serviceCidr",
      text: serviceCidr,
      what: "Service addresses",
    };
    const pods = { key: "kubernetes.podCidr", text: podCidr, what: "Pod addresses" };
    return [
      ...malformed([services, pods]),
      ...sized(services, 12, 24),
      ...sized(pods, 8, 24),
      ...overlapping([services, pods]),
    ];
  }),
  rule(["hosts"], ({ hosts }) => [
    ...someHost(hosts),
    ...entryNames("hosts", Object.keys(hosts), longestHostName),
    ...instanceNames(hosts),
    ...zoneNames(hosts),
    ...usedOnce(addressesOf(hosts)),
    ...Object.entries(hosts).flatMap(([name, host]) => [
      ...labels(`hosts.${name}.labels`, host.labels),
      ...taints(`hosts.${name}.taints`, host.taints),
    ]),
  ]),
  rule(["ssh"], ssh),
  rule(["podMtuBytes"], ({ podMtuBytes }) => podMtu("podMtuBytes", podMtuBytes)),
  rule(["artifacts", "kubernetes"], artifacts),
];

function stackName(stack: string): Finding[] {
  if (/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+){2}$/.test(stack)) return [];
  return [
    {
      key: "attachTo.stack",
      value: stack,
      remedy: 'Write "organization/project/stack".',
      rule: "A stack of another project or organization must be meant exactly.",
    },
  ];
}

function someHost(hosts: Record<string, RemoteHostConfig>): Finding[] {
  if (Object.keys(hosts).length > 0) return [];
  return [
    {
      key: "hosts",
      value: hosts,
      remedy: "Name a host.",
      rule: "A stack without a worker joins nothing.",
    },
  ];
}

/** The cluster takes a node that is called so for a machine of its cloud, and deletes it. */
function instanceNames(hosts: Record<string, RemoteHostConfig>): Finding[] {
  return Object.keys(hosts)
    .filter((name) => name.startsWith("i-"))
    .map((name) => ({
      key: `hosts.${name}`,
      value: undefined,
      remedy: 'Choose a name that does not begin with "i-".',
      rule: "Machines of the cloud are called so, and nodes whose machine is gone are deleted.",
    }));
}
