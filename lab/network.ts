import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { run } from "./process.ts";
import type { LabRecord } from "./record.ts";

/** Labs take their addresses from the range set aside for benchmarks (RFC 2544): it collides with nobody. */
export const labRange = "198.18.0.0/15";

/** Linux allows 15 characters for an interface name. */
const interfaceNameLength = 15;

function shortName(prefix: string, text: string): string {
  const plain = `${prefix}${text}`;
  if (plain.length <= interfaceNameLength) return plain;
  const digest = createHash("sha256").update(text).digest("hex");
  return `${prefix}${digest.slice(0, interfaceNameLength - prefix.length)}`;
}

export function bridgeName(lab: string): string {
  return shortName("qb-", lab);
}

/** Host end of a machine's link. */
export function linkName(lab: string, machine: string): string {
  const digest = createHash("sha256").update(`${lab}/${machine}`).digest("hex");
  return `qv-${digest.slice(0, interfaceNameLength - 3)}`;
}

export function namespaceName(lab: string, machine: string): string {
  return `quorum-${lab}-${machine}`;
}

export function namespacePath(lab: string, machine: string): string {
  return `/run/netns/${namespaceName(lab, machine)}`;
}

function interfaceExists(name: string): boolean {
  return existsSync(`/sys/class/net/${name}`);
}

/** Our own address on a lab's bridge: the first of its network. */
export function hostAddress(subnet: string): string {
  return subnet.replace(/\.\d+\/\d+$/, ".1");
}

/** An address of a network with the network's prefix length, e.g. "198.18.0.11/24". */
export function withPrefix(address: string, subnet: string): string {
  return `${address}/${subnet.split("/")[1]}`;
}

/** Bridge of a lab with the host's address on it. Errors: another interface has the subnet already. */
export async function ensureBridge(lab: string, subnet: string, record: LabRecord): Promise<void> {
  const bridge = bridgeName(lab);
  const address = hostAddress(subnet);
  const { stdout } = await run("ip", ["-4", "-o", "address", "show", "to", subnet]);
  const owner = stdout.split("\n").map((line) => line.split(/\s+/)[1]);
  const foreign = owner.find((name) => name !== undefined && name !== bridge);
  if (foreign !== undefined) {
    throw new Error(
      `subnet ${subnet} of lab "${lab}" is in use on interface ${foreign}: ` +
        "make the lab with another one (quorum lab new NAME --subnet N)",
    );
  }
  record.add({ kind: "bridge", name: bridge });
  if (!interfaceExists(bridge)) await run("ip", ["link", "add", bridge, "type", "bridge"]);
  await run("ip", ["address", "replace", withPrefix(address, subnet), "dev", bridge]);
  await run("ip", ["link", "set", bridge, "up"]);
}

/** Network namespace of a machine with a fresh link into the bridge; its addresses are set at boot. */
export async function plugIn(lab: string, machine: string, record: LabRecord): Promise<void> {
  const namespace = namespaceName(lab, machine);
  const link = linkName(lab, machine);
  record.add({ kind: "netns", machine, name: namespace });
  record.add({ kind: "interface", machine, name: link });
  await unplug(lab, machine);
  await run("ip", ["netns", "add", namespace]);
  const peer = ["peer", "name", "eth0", "netns", namespace];
  await run("ip", ["link", "add", link, "type", "veth", ...peer]);
  await run("ip", ["link", "set", link, "master", bridgeName(lab), "up"]);
}

/** Take a machine off the network for good; absent is fine. */
export async function unplug(lab: string, machine: string): Promise<void> {
  await removeInterface(linkName(lab, machine));
  await removeNamespace(namespaceName(lab, machine));
}

export async function removeInterface(name: string): Promise<void> {
  if (interfaceExists(name)) await run("ip", ["link", "delete", name], { mayFail: true });
}

export async function removeNamespace(name: string): Promise<void> {
  if (existsSync(`/run/netns/${name}`)) await run("ip", ["netns", "delete", name]);
}

/**
 * True when this computer filters bridged frames with a dropping forward chain (as container
 * engines set up): machines of the lab could then not reach each other.
 */
export async function bridgedTrafficIsFiltered(): Promise<boolean> {
  const switchFile = "/proc/sys/net/bridge/bridge-nf-call-iptables";
  if (!existsSync(switchFile) || readFileSync(switchFile, "utf8").trim() === "0") return false;
  const { stdout } = await run("nft", ["list", "chains"], { mayFail: true });
  return /hook forward[^\n]*policy drop/.test(stdout);
}
