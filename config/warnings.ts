import { parseAddress } from "./cidr.ts";
import type { Finding } from "./errors.ts";
import type { ClusterConfig } from "./schema.ts";

/** What is allowed and yet often a mistake. Never stops a stack. */
export function configWarnings(config: ClusterConfig): Finding[] {
  if (config.platform !== "hosts") return [];
  const vip = parseAddress(config.api.vip);
  const strangers = Object.entries(config.hosts)
    .filter(([, host]) => host.roles.includes("load-balancer"))
    .filter(([, host]) => segment(parseAddress(host.address)) !== segment(vip))
    .map(([name]) => name);
  if (strangers.length === 0) return [];
  return [
    {
      key: "api.vip",
      value: config.api.vip,
      remedy: `Check that it is on the same layer-2 segment as ${strangers.join(", ")}.`,
      rule: "Their addresses lie in another /24, and the VIP is announced by ARP only.",
    },
  ];
}

function segment(address: number | undefined): number | undefined {
  return address === undefined ? undefined : Math.floor(address / 256);
}
