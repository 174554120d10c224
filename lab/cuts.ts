import { linkName } from "./network.ts";
import { run } from "./process.ts";
import type { LabRecord } from "./record.ts";

/** Direction of a cut, seen from the machine. */
export type CutDirection = "to" | "from" | "both";

/** One cut of a machine's link. */
export interface Cut {
  machine: string;
  direction: CutDirection;
  /** Only packets to or from these addresses; left out: everything, ARP included. */
  peers?: string[];
  /** Only this protocol, e.g. "tcp", "vrrp" or "icmp". */
  protocol?: string;
  /** Only this TCP port, on either side. */
  port?: number;
}

export function filterTableName(lab: string): string {
  return `quorum-${lab}`;
}

/** nftables text that makes `cuts` the only cuts of a lab. Filters stand outside the machines, on the host's link ends. */
export function filterText(lab: string, cuts: readonly Cut[]): string {
  const table = `netdev "${filterTableName(lab)}"`.replaceAll('"', "");
  const lines = [`table ${table}`, `delete table ${table}`];
  if (cuts.length === 0) return `${lines.join("\n")}\n`;
  lines.push(`table ${table} {`);
  for (const machine of new Set(cuts.map((cut) => cut.machine))) {
    const own = cuts.filter((cut) => cut.machine === machine);
    lines.push(...chain(lab, machine, "to", own), ...chain(lab, machine, "from", own));
  }
  lines.push("}");
  return `${lines.join("\n")}\n`;
}

function chain(lab: string, machine: string, side: "to" | "from", cuts: readonly Cut[]): string[] {
  const rules = cuts.filter((cut) => cut.direction === "both" || cut.direction === side);
  if (rules.length === 0) return [];
  // What goes to the machine leaves our end of the link, what comes from it enters there.
  const hook = side === "to" ? "egress" : "ingress";
  const device = linkName(lab, machine);
  return [
    `  chain ${side}-${machine} {`,
    `    type filter hook ${hook} device "${device}" priority 0; policy accept;`,
    ...rules.flatMap((cut) => ruleLines(cut, side)).map((rule) => `    ${rule}`),
    "  }",
  ];
}

function ruleLines(cut: Cut, side: "to" | "from"): string[] {
  const peerField = side === "to" ? "saddr" : "daddr";
  const matches: string[] = [];
  if (cut.peers !== undefined) matches.push(`ip ${peerField} { ${cut.peers.join(", ")} }`);
  if (cut.protocol !== undefined) matches.push(`ip protocol ${cut.protocol}`);
  if (cut.port === undefined) return [[...matches, "counter", "drop"].join(" ")];
  return ["sport", "dport"].map((field) =>
    [...matches, `tcp ${field} ${cut.port}`, "counter", "drop"].join(" "),
  );
}

/** Make `cuts` the only cuts of this lab; none removes the filter. */
export async function setCuts(lab: string, cuts: readonly Cut[], record: LabRecord): Promise<void> {
  record.add({ kind: "filterTable", name: filterTableName(lab) });
  await run("nft", ["-f", "-"], { input: filterText(lab, cuts) });
}

/** Packets that the lab's cuts have dropped: proof that a cut was felt. */
export async function droppedPackets(lab: string): Promise<number> {
  const listing = await run("nft", ["list", "table", "netdev", filterTableName(lab)], {
    mayFail: true,
  });
  const counts = listing.stdout.matchAll(/counter packets (\d+)/g);
  return [...counts].reduce((sum, match) => sum + Number(match[1]), 0);
}

export async function removeFilterTable(name: string): Promise<void> {
  await run("nft", ["delete", "table", "netdev", name], { mayFail: true });
}
