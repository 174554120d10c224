import type { V1Pod } from "@kubernetes/client-node";
import { enumerate, plural } from "../../proof/claim.ts";
import { majority } from "../../proof/claims/etcdQuorum.ts";
import type { Finding } from "../finding.ts";
import { isReady } from "../workload.ts";
import type { Patient, Verdicts } from "./rule.ts";

const controlPlaneLabel = "node-role.kubernetes.io/control-plane";

/** Static pods of kubeadm, by their label "component". */
function component({ cluster }: Patient, name: string): V1Pod[] {
  return cluster.pods.filter(
    ({ metadata }) => metadata?.namespace === "kube-system" && metadata.labels?.component === name,
  );
}

/**
 * API servers, schedulers, controller managers and etcd members, as far as the cluster shows them. A
 * managed control plane shows none: its provider answers for it.
 */
export function controlPlane(patient: Patient): Verdicts {
  const { cluster } = patient;
  const machines = cluster.nodes.filter(
    ({ metadata }) => metadata?.labels?.[controlPlaneLabel] !== undefined,
  );
  const servers = component(patient, "kube-apiserver");
  const addresses = cluster.apiServerAddresses;
  const findings: Finding[] = [];
  if (machines.length === 0 && servers.length === 0) {
    if (addresses !== undefined && addresses.length === 1) findings.push(alone("API server"));
    return { findings, unknown: addresses === undefined ? ["how many API servers there are"] : [] };
  }
  for (const [name, what] of [
    ["kube-apiserver", "API server"],
    ["kube-scheduler", "scheduler"],
    ["kube-controller-manager", "controller manager"],
  ] as const)
    findings.push(...instances(component(patient, name), what, patient));
  const etcd = etcdMembers(patient, servers);
  return { findings: [...findings, ...etcd.findings], unknown: etcd.unknown ?? [] };
}

function alone(what: string): Finding {
  return {
    rule: "control-plane",
    subject: `Control plane: ${what}`,
    losses: ["zone", "node", "drain"],
    certainty: "now",
    because: "there is one of it",
    fix: "run three control planes in three zones",
  };
}

function instances(pods: V1Pod[], what: string, { places }: Patient): Finding[] {
  const ready = pods.filter(isReady);
  const { zones } = places.of(ready);
  if (ready.length < 2)
    return [
      {
        ...alone(what),
        because: `${ready.length} of ${pods.length} ${what === "API server" ? "API servers" : `${what}s`} ${ready.length === 1 ? "is" : "are"} ready`,
      },
    ];
  if (places.zones.length < 2 || zones.length > 1) return [];
  return [
    {
      ...alone(what),
      losses: ["zone"],
      because: `all ${ready.length} of it are in zone ${zones[0]}`,
    },
  ];
}

/** Members: pods where etcd is stacked, else the addresses that the API servers are given. */
function etcdMembers(patient: Patient, servers: readonly V1Pod[]): Verdicts {
  const { places, cluster } = patient;
  const pods = component(patient, "etcd");
  if (pods.length > 0) {
    const down = pods.filter((pod) => !isReady(pod)).length;
    return quorum(
      pods.map(({ spec }) => places.zone(spec?.nodeName)),
      down,
    );
  }
  const members = new Set(servers.flatMap(etcdServers));
  if (members.size === 0) return { findings: [], unknown: ["how many etcd members there are"] };
  return quorum(
    [...members].map((address) => cluster.zoneByAddress[address] ?? ""),
    0,
  );
}

/** Hosts of the flag --etcd-servers. */
function etcdServers({ spec }: V1Pod): string[] {
  const words = (spec?.containers ?? []).flatMap(({ command, args }) => [
    ...(command ?? []),
    ...(args ?? []),
  ]);
  const flag = words.find((word) => word.startsWith("--etcd-servers="));
  return (flag?.slice("--etcd-servers=".length) ?? "")
    .split(",")
    .flatMap((url) => /^https?:\/\/([^:/]+)/.exec(url)?.[1] ?? []);
}

/** @param zones one entry for each member; "" where nobody says. */
function quorum(zones: readonly string[], down: number): Verdicts {
  const members = zones.length;
  const subject = `etcd: ${plural(members, "member")}`;
  const common = { rule: "etcd" as const, subject, certainty: "now" as const };
  const fix = "run three or five members, each zone with less than half of them";
  const findings: Finding[] = [];
  const spare = members - majority(members);
  if (spare - down < 1)
    findings.push({
      ...common,
      losses: ["zone", "node"],
      because:
        down > 0
          ? `${down} of them ${down === 1 ? "is" : "are"} not ready: one more stops every write`
          : "the loss of one stops every write",
      fix: down > 0 ? "repair it before anything else" : fix,
    });
  const known = zones.filter((zone) => zone !== "");
  const heavy = [...new Set(known)].filter(
    (zone) => zones.filter((one) => one === zone).length > spare,
  );
  if (heavy.length > 0 && members > 1)
    findings.push({
      ...common,
      losses: ["zone"],
      because: `zone ${enumerate(heavy)} holds so many of them that the others are no majority`,
      fix,
    });
  const unknown =
    known.length === members ? [] : [`in which zones the ${members} etcd members are`];
  return { findings, unknown };
}
