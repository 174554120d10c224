import { contains, parseAddress, parseCidr, size } from "../cidr.ts";
import type { Finding } from "../errors.ts";
import type { HostConfig, HostsApiConfig } from "../schema.ts";

type Hosts = Record<string, HostConfig>;

interface AddressUse {
  key: string;
  address: string;
  owner: string;
}

/** Every address readable and used once, the VIP by no host. */
export function hostAddresses({ hosts, api }: { hosts: Hosts; api: HostsApiConfig }): Finding[] {
  const vip = { key: "api.vip", address: api.vip, owner: "the VIP" };
  return usedOnce([...addressesOf(hosts), vip]);
}

export function addressesOf(hosts: Record<string, { address: string }>): AddressUse[] {
  return Object.entries(hosts).map(([name, { address }]) => ({
    key: `hosts.${name}.address`,
    address,
    owner: `host "${name}"`,
  }));
}

/** Every address readable and used once. */
export function usedOnce(uses: readonly AddressUse[]): Finding[] {
  return uses.flatMap(({ key, address }, index): Finding[] => {
    if (parseAddress(address) === undefined)
      return [
        {
          key,
          value: address,
          remedy: 'Write an IPv4 address, e.g. "192.0.2.10".',
          rule: "Names could change their meaning between runs.",
        },
      ];
    const earlier = uses.slice(0, index).find((use) => use.address === address);
    if (earlier === undefined) return [];
    return [
      {
        key,
        value: address,
        remedy: "Give it an address of its own.",
        rule: `It is also that of ${earlier.owner}.`,
      },
    ];
  });
}

interface Ranges {
  hosts: Hosts;
  api: HostsApiConfig;
  kubernetes: { serviceCidr: string; podCidr: string };
}

/** Cluster-internal ranges apart from the machines, and a /24 of pod addresses for each machine. */
export function hostRanges({ hosts, api, kubernetes }: Ranges): Finding[] {
  const machines = [
    ...Object.entries(hosts).map(([name, host]) => ({ owner: name, address: host.address })),
    { owner: "the VIP", address: api.vip },
  ];
  const apart = (["serviceCidr", "podCidr"] as const).flatMap((name): Finding[] => {
    const range = parseCidr(kubernetes[name]);
    if (range === undefined) return [];
    const inside = machines.filter(({ address }) => {
      const numeric = parseAddress(address);
      return numeric !== undefined && contains(range, numeric);
    });
    if (inside.length === 0) return [];
    return [
      {
        key: `kubernetes.${name}`,
        value: kubernetes[name],
        remedy: "Choose a range apart from the machines' network.",
        rule: `It holds the address of ${inside.map(({ owner }) => owner).join(", ")}, which could not be reached any more.`,
      },
    ];
  });
  return [...apart, ...podRoom(hosts, kubernetes.podCidr)];
}

/** Pod addresses of one host; kubeadm's and the controller manager's default node mask. */
export const podPrefixPerHost = 24;

function podRoom(hosts: Hosts, podCidr: string): Finding[] {
  const range = parseCidr(podCidr);
  const count = Object.keys(hosts).length;
  if (range === undefined || size(range) / 2 ** (32 - podPrefixPerHost) >= count) return [];
  return [
    {
      key: "kubernetes.podCidr",
      value: podCidr,
      remedy: `Use a /${podPrefixPerHost - Math.ceil(Math.log2(count))} or larger.`,
      rule: `Each of the ${count} hosts takes a /${podPrefixPerHost} of it.`,
    },
  ];
}
