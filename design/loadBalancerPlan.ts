import type { HostsConfig } from "../config/schema.ts";

export interface NamedAddress {
  name: string;
  /** IPv4. */
  address: string;
}

/** The API's virtual address, the machines that share it and the apiservers behind it. */
export interface LoadBalancerPlan {
  clusterName: string;
  vip: string;
  /** Port of the virtual address. */
  port: number;
  /** VRRP router id, 1 to 255. */
  routerId: number;
  /** By name; the first has the highest priority. */
  balancers: NamedAddress[];
  apiServers: NamedAddress[];
}

/** The load balancers of a stack of platform "hosts". */
export function loadBalancerPlan(config: HostsConfig): LoadBalancerPlan {
  const hosts = Object.entries(config.hosts).sort(([a], [b]) => (a < b ? -1 : 1));
  const withRole = (role: "load-balancer" | "control-plane"): NamedAddress[] =>
    hosts
      .filter(([, host]) => host.roles.includes(role))
      .map(([name, { address }]) => ({ name, address }));
  return {
    clusterName: config.name,
    vip: config.api.vip,
    port: config.api.port,
    routerId: Number(config.api.vip.split(".").at(-1)) || 1,
    balancers: withRole("load-balancer"),
    apiServers: withRole("control-plane"),
  };
}
