import type { Finding } from "../errors.ts";
import type { Ec2Config } from "../schema.ts";
import { malformed, openToTheWorld, overlapping } from "./addresses.ts";

/** IPv4 asks for the least; more than an Ethernet frame does not pass a VPN. */
const mtuBytes = { least: 576, most: 1450 };

/** Workers elsewhere: their addresses apart from all others, and a way for their pods. */
export function remoteWorkers({
  remoteWorkers: remote,
  network,
  kubernetes,
  podNetwork,
}: Pick<Ec2Config, "remoteWorkers" | "network" | "kubernetes" | "podNetwork">): Finding[] {
  if (remote === undefined) return [];
  const places = remote.cidrs.map((text, index) => ({
    key: `remoteWorkers.cidrs[${index}]`,
    text,
    what: "Remote workers",
  }));
  const others = [
    { key: "network.cidr", text: network.cidr, what: "The VPC" },
    { key: "kubernetes.serviceCidr", text: kubernetes.serviceCidr, what: "Service addresses" },
    { key: "kubernetes.podCidr", text: kubernetes.podCidr, what: "Pod addresses" },
  ];
  const keys = new Set(places.map(({ key }) => key));
  return [
    ...(places.length > 0 ? [] : [none]),
    ...malformed(places),
    // Those among the others are reported where they belong.
    ...overlapping([...others, ...places]).filter(({ key }) => keys.has(key)),
    ...openToTheWorld("remoteWorkers.cidrs", remote.cidrs),
    ...podMtu("remoteWorkers.podMtuBytes", remote.podMtuBytes),
    ...(podNetwork === "vxlan" ? [] : [foreignPodNetwork]),
  ];
}

export function podMtu(key: string, value: number): Finding[] {
  if (value >= mtuBytes.least && value <= mtuBytes.most) return [];
  return [
    {
      key,
      value,
      remedy: `Use ${mtuBytes.least} to ${mtuBytes.most}: what the way carries, less 50 bytes.`,
      rule: "Larger packets of pods would be lost between the places.",
    },
  ];
}

const none: Finding = {
  key: "remoteWorkers.cidrs",
  value: [],
  remedy: "Name the range of each place, or leave remoteWorkers out.",
  rule: "Without an address nobody could join.",
};

const foreignPodNetwork: Finding = {
  key: "remoteWorkers",
  value: undefined,
  remedy: 'Use quorum:podNetwork "vxlan".',
  rule: "Pods of other places are reached by the stack's own overlay only.",
};
