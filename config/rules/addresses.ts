import { type Cidr, contains, formatCidr, overlaps, parseCidr, size } from "../cidr.ts";
import type { Finding } from "../errors.ts";

/** A named network of the configuration. */
export interface NamedRange {
  key: string;
  text: string;
  /** What it holds, for messages, e.g. "Service addresses". */
  what: string;
}

/** RFC 1918, RFC 6598 and RFC 2544: what a VPC may have without confusing routes to the internet. */
const privateRanges = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "198.18.0.0/15",
].flatMap((text) => parseCidr(text) ?? []);

/** Ranges that can be read at all. */
export function malformed(ranges: readonly NamedRange[]): Finding[] {
  return ranges
    .filter(({ text }) => parseCidr(text) === undefined)
    .map(({ key, text }) => ({
      key,
      value: text,
      remedy: 'Write the network address and its length, e.g. "10.20.0.0/16".',
      rule: "It is not an IPv4 network, or has bits set beyond its length.",
    }));
}

/** Ranges that must not share an address, each pair reported at its later key. */
export function overlapping(ranges: readonly NamedRange[]): Finding[] {
  const readable = ranges.flatMap((range) => {
    const cidr = parseCidr(range.text);
    return cidr === undefined ? [] : [{ ...range, cidr }];
  });
  return readable.flatMap((later, index) =>
    readable
      .slice(0, index)
      .filter((earlier) => overlaps(earlier.cidr, later.cidr))
      .map((earlier) => ({
        key: later.key,
        value: later.text,
        remedy: `Choose a range apart from ${earlier.text} (quorum:${earlier.key}).`,
        rule: `${later.what} and ${lowerFirst(earlier.what)} would share addresses, so neither could be routed.`,
      })),
  );
}

/** A range of private addresses whose length lies between `shortest` and `longest`. */
export function sized(range: NamedRange, shortest: number, longest: number): Finding[] {
  const cidr = parseCidr(range.text);
  if (cidr === undefined) return [];
  const findings: Finding[] = [];
  if (cidr.prefix < shortest || cidr.prefix > longest)
    findings.push({
      key: range.key,
      value: range.text,
      remedy: `Use a network between /${shortest} and /${longest}.`,
      rule: `${range.what}: AWS, Kubernetes or the address plan takes no other size.`,
    });
  if (!isPrivate(cidr))
    findings.push({
      key: range.key,
      value: range.text,
      remedy: `Use a part of ${privateRanges.map(formatCidr).join(", ")}.`,
      rule: "Public addresses that belong to others could not be reached any more.",
    });
  return findings;
}

function isPrivate(cidr: Cidr): boolean {
  return privateRanges.some((range) => contains(range, cidr));
}

/** Ranges of clients: readable, and not the whole internet in however many pieces. */
export function openToTheWorld(key: string, texts: readonly string[]): Finding[] {
  const cidrs = texts.flatMap((text) => parseCidr(text) ?? []);
  const total = cidrs.reduce((sum, cidr) => sum + size(cidr), 0);
  const wide = texts.flatMap((text, index): Finding[] => {
    const cidr = parseCidr(text);
    return cidr === undefined || cidr.prefix >= widestClientPrefix
      ? []
      : [{ key: `${key}[${index}]`, value: text, ...worldOpen }];
  });
  if (wide.length > 0 || total <= 2 ** (32 - widestClientPrefix)) return wide;
  return [{ key, value: texts, ...worldOpen }];
}

/** A /8 is the largest network that one organisation holds. */
const widestClientPrefix = 8;

const worldOpen = {
  remedy: "List the ranges of your offices or VPN, or leave it out for a private endpoint.",
  rule: `More than a /${widestClientPrefix} is as good as open to the world.`,
};

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
