import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostRole } from "../../config/schema.ts";
import type { Machine } from "../machine.ts";
import type { Lab } from "../machines.ts";
import type { EtcdAccess } from "../prober.ts";
import type { CommandResult } from "../process.ts";

/** Machines of a lab that have a role, by name. */
export function withRole(lab: Lab, role: HostRole): Machine[] {
  return lab.names
    .filter((name) => lab.spec.hosts[name]?.roles.includes(role))
    .sort()
    .map((name) => lab.machine(name));
}

/** Zones of a lab, sorted. */
export function zonesOf(lab: Lab): string[] {
  return [...new Set(Object.values(lab.spec.hosts).map((host) => host.zone))].sort();
}

const clientEnvironment = "/etc/quorum/etcd/client.env";

/** Run etcdctl on a machine that has access to etcd, with the endpoints of all members. */
export function etcdctl(
  machine: Machine,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const script = `set -a; . ${clientEnvironment}; exec env "$@"`;
  const command = [...settings, "etcdctl", "--command-timeout=4s", ...args];
  return machine.exec(["sh", "-c", script, "sh", ...command], {
    mayFail: true,
    timeoutSeconds: 20,
  });
}

/** What one member says of itself. */
export interface MemberStatus {
  address: string;
  memberId: string;
  isLeader: boolean;
  isLearner: boolean;
  errors: string[];
}

interface StatusLine {
  Endpoint: string;
  Status: {
    // Member numbers exceed what a double holds, so they are read as text.
    header: { member_id: string };
    leader?: string;
    isLearner?: boolean;
    errors?: string[];
  };
}

/** Status of every member that answers, asked from the first machine that can. */
export async function etcdStatus(lab: Lab): Promise<MemberStatus[]> {
  for (const machine of withRole(lab, "etcd")) {
    if (machine.leader() === undefined) continue;
    const answer = await etcdctl(machine, ["endpoint", "status", "-w", "json"]).catch(
      () => undefined,
    );
    const start = answer?.stdout.indexOf("[") ?? -1;
    if (answer === undefined || start < 0) continue;
    const exact = answer.stdout.slice(start).replace(/:(\d{16,})/g, ':"$1"');
    return (JSON.parse(exact) as StatusLine[]).map(({ Endpoint, Status }) => ({
      address: new URL(Endpoint).hostname,
      memberId: `${Status.header.member_id}`,
      isLeader: Status.leader !== undefined && `${Status.leader}` === `${Status.header.member_id}`,
      isLearner: Status.isLearner ?? false,
      errors: Status.errors ?? [],
    }));
  }
  return [];
}

/** Machine of the present etcd leader. Errors: there is none. */
export async function etcdLeader(lab: Lab): Promise<Machine> {
  const leader = (await etcdStatus(lab)).find((member) => member.isLeader);
  const found = withRole(lab, "etcd").find((machine) => machine.host.address === leader?.address);
  if (found === undefined) throw new Error("etcd has no leader");
  return found;
}

/** Load balancers that have the VIP on an interface. */
export async function vipHolders(lab: Lab): Promise<Machine[]> {
  const holders: Machine[] = [];
  for (const machine of withRole(lab, "load-balancer")) {
    if (machine.leader() === undefined) continue;
    const shown = await machine.exec(["ip", "-4", "-o", "address", "show", "to", lab.spec.vip], {
      mayFail: true,
    });
    if (shown.stdout.trim() !== "") holders.push(machine);
  }
  return holders;
}

/** The load balancer that has the VIP. Errors: none or both have it. */
export async function activeLoadBalancer(lab: Lab): Promise<Machine> {
  const [holder, other] = await vipHolders(lab);
  if (holder === undefined || other !== undefined) {
    throw new Error(`the VIP is on ${holder === undefined ? "no" : "more than one"} load balancer`);
  }
  return holder;
}

/** Access to etcd from this computer, with the files of the first etcd machine, given member first. */
export function etcdAccess(lab: Lab, first?: Machine): EtcdAccess {
  const members = withRole(lab, "etcd");
  const source = members.find((machine) => machine.leader() !== undefined);
  if (source === undefined) throw new Error("no etcd machine is on");
  const root = `/proc/${source.leader()}/root`;
  const text = readFileSync(join(root, clientEnvironment), "utf8");
  const setting = (name: string) => {
    const found = new RegExp(`^${name}=["']?([^"'\n]*)`, "m").exec(text)?.[1];
    if (found === undefined) throw new Error(`${clientEnvironment} has no ${name}`);
    return found;
  };
  const endpoints = setting("ETCDCTL_ENDPOINTS").split(",");
  const isFirst = (url: string) => new URL(url).hostname === first?.host.address;
  return {
    endpoints: [...endpoints.filter(isFirst), ...endpoints.filter((url) => !isFirst(url))],
    caFile: join(root, setting("ETCDCTL_CACERT")),
    certFile: join(root, setting("ETCDCTL_CERT")),
    keyFile: join(root, setting("ETCDCTL_KEY")),
  };
}
