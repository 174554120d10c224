import type { Finding } from "../errors.ts";
import type { HostConfig, HostRole } from "../schema.ts";
import { fewestZones } from "./zones.ts";

type Hosts = Record<string, HostConfig>;

/** Names of the hosts with a role, in the order of the stack file. */
export function hostsWith(hosts: Hosts, role: HostRole): string[] {
  return Object.entries(hosts)
    .filter(([, host]) => host.roles.includes(role))
    .map(([name]) => name);
}

/** An odd number of etcd members, three at least, and no zone with a majority of them. */
export function etcdMembers({ hosts }: { hosts: Hosts }): Finding[] {
  const members = hostsWith(hosts, "etcd");
  const count = members.length;
  if (count < 3 || count % 2 === 0)
    return [
      {
        key: "etcd.members",
        value: count,
        remedy: `Give the role "etcd" to ${count <= 3 ? "3" : `${count - 1} or ${count + 1}`} hosts.`,
        rule:
          count < 3
            ? "Fewer than three survive no failure."
            : `${inWords(count)} survive no more failures than ${inWords(count - 1).toLowerCase()} do.`,
      },
    ];
  if (count > 7)
    return [
      {
        key: "etcd.members",
        value: count,
        remedy: 'Give the role "etcd" to 3, 5 or 7 hosts.',
        rule: "Every member more slows each write; etcd advises seven at most.",
      },
    ];
  return Object.entries(byZone(hosts, members))
    .filter(([, names]) => names.length > (count - 1) / 2)
    .map(([zone, names]) => ({
      key: "etcd.members",
      value: members,
      remedy: `Move members out of zone "${zone}" until it has ${(count - 1) / 2} at most.`,
      rule: `Losing it takes ${names.join(", ")}: ${names.length} of ${count}, and the quorum with them.`,
    }));
}

/** Control planes over three zones, so that one may be lost while another is replaced. */
export function controlPlanes({ hosts }: { hosts: Hosts }): Finding[] {
  const zones = Object.keys(byZone(hosts, hostsWith(hosts, "control-plane")));
  if (zones.length >= fewestZones) return [];
  return [
    {
      key: "hosts",
      value: zones,
      remedy: `Give the role "control-plane" to hosts in ${fewestZones} zones.`,
      rule: `Control planes stand in ${zones.length} zone${zones.length === 1 ? "" : "s"}.`,
    },
  ];
}

/** A pair at least, in different zones; the VIP moves between them. */
export function loadBalancers({ hosts }: { hosts: Hosts }): Finding[] {
  const balancers = hostsWith(hosts, "load-balancer");
  const zones = Object.keys(byZone(hosts, balancers)).length;
  if (zones >= 2) return [];
  return [
    {
      key: "hosts",
      value: balancers,
      remedy: 'Give the role "load-balancer" to two hosts in different zones.',
      rule: "The API's address is gone with the only zone that can hold it.",
    },
  ];
}

/** Somewhere to run the cluster's own add-ons and the workloads. */
export function workers({ hosts }: { hosts: Hosts }): Finding[] {
  if (hostsWith(hosts, "worker").length > 0) return [];
  return [
    {
      key: "hosts",
      value: [],
      remedy: 'Give the role "worker" to a host in each zone.',
      rule: "Control planes are tainted, so nothing could run.",
    },
  ];
}

/** Roles that fit together on one machine, each named once. */
export function roleMix({ hosts }: { hosts: Hosts }): Finding[] {
  return Object.entries(hosts).flatMap(([name, { roles }]): Finding[] => {
    const key = `hosts.${name}.roles`;
    if (roles.length === 0 || new Set(roles).size !== roles.length)
      return [
        {
          key,
          value: roles,
          remedy: "Name one role or more, each once.",
          rule: "A host without a role is none of the cluster's.",
        },
      ];
    if (roles.includes("load-balancer") && roles.includes("control-plane"))
      return [
        {
          key,
          value: roles,
          remedy: "Put the two roles on different hosts.",
          rule: "The load balancer and the API server would both listen on the API port.",
        },
      ];
    if (roles.includes("control-plane") && roles.includes("worker"))
      return [
        {
          key,
          value: roles,
          remedy: 'Leave out "worker": the control plane runs a kubelet anyway.',
          rule: "A machine joins the cluster once, as one or the other.",
        },
      ];
    return [];
  });
}

function byZone(hosts: Hosts, names: readonly string[]): Record<string, string[]> {
  // A zone may be called as a property of every object is, e.g. "constructor".
  return Object.fromEntries(Map.groupBy(names, (name) => hosts[name]?.zone ?? ""));
}

function inWords(count: number): string {
  return ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven"][count] ?? String(count);
}
