import ipaddr from "ipaddr.js";

/** An IPv4 network: `start` is the numeric first address, aligned to `prefix`. */
export interface Cidr {
  start: number;
  /** 0 to 32. */
  prefix: number;
}

/**
 * Read an IPv4 network such as "10.20.0.0/16".
 * @returns undefined when it is malformed or has host bits set ("10.20.0.1/16").
 */
export function parseCidr(text: string): Cidr | undefined {
  // ipaddr.js also reads "10.1/16", octal and hexadecimal; nobody means those.
  if (!/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(text) || /(^|\.)0\d/.test(text)) return undefined;
  if (!ipaddr.IPv4.isValidCIDR(text)) return undefined;
  const [address, prefix] = ipaddr.IPv4.parseCIDR(text);
  const start = numberFromOctets(address.octets);
  return start % 2 ** (32 - prefix) === 0 ? { start, prefix } : undefined;
}

/** Numeric value of an IPv4 address such as "198.18.0.10"; undefined when malformed. */
export function parseAddress(text: string): number | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) || /(^|\.)0\d/.test(text)) return undefined;
  return numberFromOctets(ipaddr.IPv4.parse(text).octets);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

export function formatCidr({ start, prefix }: Cidr): string {
  return `${formatAddress(start)}/${prefix}`;
}

/** How many addresses the network has. */
export function size({ prefix }: Cidr): number {
  return 2 ** (32 - prefix);
}

export function overlaps(one: Cidr, other: Cidr): boolean {
  return one.start < other.start + size(other) && other.start < one.start + size(one);
}

/** True when `inner` (a network or one address) lies wholly in `outer`. */
export function contains(outer: Cidr, inner: Cidr | number): boolean {
  const [first, count] = typeof inner === "number" ? [inner, 1] : [inner.start, size(inner)];
  return first >= outer.start && first + count <= outer.start + size(outer);
}

/**
 * The `index`-th (from 0) of the equal networks of length `prefix` that `parent` divides into.
 * @throws RangeError when there is no such network: callers check sizes first.
 */
export function subnet(parent: Cidr, prefix: number, index: number): Cidr {
  if (prefix < parent.prefix || prefix > 32 || index < 0 || index >= 2 ** (prefix - parent.prefix))
    throw new RangeError(`${formatCidr(parent)} has no /${prefix} number ${index}`);
  return { start: parent.start + index * 2 ** (32 - prefix), prefix };
}

function numberFromOctets(octets: readonly number[]): number {
  return octets.reduce((total, octet) => total * 256 + octet, 0);
}
