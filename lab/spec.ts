import ipaddr from "ipaddr.js";
import type { HostRole } from "../config/schema.ts";
import type { VolumesDisk } from "./disks.ts";
import { hostAddress, labRange } from "./network.ts";

/** One machine of a lab. */
export interface LabHost {
  address: string;
  zone: string;
  roles: HostRole[];
}

/** What a lab consists of; derived from a stack file. */
export interface LabSpec {
  /** Name of the stack and of the lab's folder: DNS label of at most 20 characters. */
  name: string;
  /** Network of the lab's bridge: a /24 for hosts, as large as a VPC for a lab with a cloud. */
  subnet: string;
  /** Who routes, and answers for names. Default: this computer, which does neither. */
  gateway?: string;
  vip: string;
  etcdDataDir: string;
  /** Where the stack has local volumes: the disk for them that each worker gets. */
  volumes?: VolumesDisk;
  hosts: Record<string, LabHost>;
}

const labelPattern = /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/;

export const labNameRule = "a name in a lab is a DNS label of at most 20 characters";

export function isLabName(name: string): boolean {
  return labelPattern.test(name);
}

/** /24 around an address. */
export function subnetOf(address: string): string {
  return address.replace(/\.\d+$/, ".0/24");
}

/** Address that the machines of a lab send to what is not in it. */
export function gatewayOf({ gateway, subnet }: LabSpec): string {
  return gateway ?? hostAddress(subnet);
}

/** Everything about a spec that no lab can be made of: empty when all is well. */
export function specProblems(spec: LabSpec): string[] {
  const problems: string[] = [];
  const names = [spec.name, ...Object.keys(spec.hosts)];
  for (const name of names) {
    if (!isLabName(name)) problems.push(`"${name}": ${labNameRule}`);
  }
  if (Object.keys(spec.hosts).length === 0) problems.push("quorum:hosts: a lab needs hosts");
  const seen = new Map([[hostAddress(spec.subnet), "this computer"]]);
  const used = [...Object.entries(spec.hosts).map(([name, host]) => [name, host.address] as const)];
  for (const [name, address] of [...used, ["the VIP", spec.vip] as const]) {
    if (!ipaddr.IPv4.isValidFourPartDecimal(address) || !isInLabRange(address)) {
      problems.push(`${name}: address "${address}" is not in ${labRange}, where labs live`);
      continue;
    }
    if (!isWithin(address, spec.subnet)) {
      problems.push(`${name}: address ${address} is outside the lab's subnet ${spec.subnet}`);
    }
    const other = seen.get(address);
    if (other !== undefined) problems.push(`${name}: address ${address} belongs to ${other}`);
    seen.set(address, name);
  }
  return problems;
}

function isInLabRange(address: string): boolean {
  return isWithin(address, labRange);
}

function isWithin(address: string, range: string): boolean {
  const [network, bits] = ipaddr.IPv4.parseCIDR(range);
  return ipaddr.IPv4.parse(address).match(network, bits);
}
