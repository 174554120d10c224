import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HostRole } from "../config/schema.ts";
import type { Machine } from "./machine.ts";
import type { Lab } from "./machines.ts";

const adminConfig = "/etc/kubernetes/admin.conf";

/** A machine of this role that is on. Errors: there is none. */
function anyRunning(lab: Lab, role: HostRole): Machine {
  const name = lab.running().find((one) => lab.spec.hosts[one]?.roles.includes(role));
  if (name === undefined) throw new Error(`no ${role} machine of lab "${lab.spec.name}" is on`);
  return lab.machine(name);
}

/**
 * Write the administrator's kubeconfig with the VIP as server, so that it works on this computer,
 * which knows no name of the cluster. Errors: no control plane has been made yet.
 * @returns the file, mode 0600, in the lab's folder.
 */
export async function writeKubeconfig(lab: Lab): Promise<string> {
  const shown = await anyRunning(lab, "control-plane").exec(["cat", adminConfig], {
    mayFail: true,
  });
  if (shown.exitCode !== 0) {
    throw new Error(`lab "${lab.spec.name}" has no control plane yet: \`quorum lab up\` makes it`);
  }
  const file = join(lab.dir, "kubeconfig");
  if (existsSync(file)) rmSync(file);
  writeFileSync(file, withServer(shown.stdout, lab.spec.vip), { mode: 0o600 });
  return file;
}

/** A kubeconfig with another host in its server URL; the port stays. */
export function withServer(kubeconfig: string, host: string): string {
  return kubeconfig.replace(/(server: https:\/\/)[^:\s]+/g, `$1${host}`);
}

/** One Node object as far as the summary tells of it. */
export interface NodeSummary {
  name: string;
  zone: string;
  ready: boolean;
  controlPlane: boolean;
  version: string;
}

interface NodeList {
  items: {
    metadata: { name: string; labels?: Record<string, string> };
    status?: {
      conditions?: { type: string; status: string }[];
      nodeInfo?: { kubeletVersion: string };
    };
  }[];
}

/** Nodes as `kubectl get nodes -o json` prints them. */
export function summariseNodes(json: string): NodeSummary[] {
  return (JSON.parse(json) as NodeList).items.map(({ metadata, status }) => ({
    name: metadata.name,
    zone: metadata.labels?.["topology.kubernetes.io/zone"] ?? "?",
    ready:
      status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false,
    controlPlane: metadata.labels?.["node-role.kubernetes.io/control-plane"] !== undefined,
    version: status?.nodeInfo?.kubeletVersion ?? "?",
  }));
}

/** Nodes of the lab's cluster. Errors: the API does not answer. */
export async function clusterNodes(lab: Lab): Promise<NodeSummary[]> {
  const kubectl = ["kubectl", "--kubeconfig", adminConfig, "--request-timeout=10s"];
  const command = [...kubectl, "get", "nodes", "--output=json"];
  return summariseNodes((await anyRunning(lab, "control-plane").exec(command)).stdout);
}

/** One etcd member as `etcdctl endpoint status --write-out=json` tells of it. */
export interface MemberSummary {
  endpoint: string;
  version: string;
  databaseMiB: number;
  leads: boolean;
}

interface MemberStatus {
  Endpoint: string;
  Status: { header: { member_id: number }; version: string; dbSize: number; leader: number };
}

export function summariseMembers(json: string): MemberSummary[] {
  return (JSON.parse(json) as MemberStatus[]).map(({ Endpoint, Status }) => ({
    endpoint: Endpoint,
    version: Status.version,
    databaseMiB: Math.round(Status.dbSize / 2 ** 20),
    leads: Status.leader === Status.header.member_id,
  }));
}

/** etcd members that answer. Errors: none does. */
export async function etcdMembers(lab: Lab): Promise<MemberSummary[]> {
  const settings = "set -a; . /etc/quorum/etcd/client.env";
  const status = "etcdctl endpoint status --command-timeout=5s --write-out=json";
  const answer = await anyRunning(lab, "etcd").exec(["sh", "-c", `${settings}; ${status}`], {
    mayFail: true, // it also fails when one of several members does not answer
  });
  if (!answer.stdout.startsWith("[")) throw new Error(`etcd does not answer: ${answer.stderr}`);
  return summariseMembers(answer.stdout);
}

/** Nodes and members as they are now; what does not answer is said, not thrown. */
export async function describeCluster(lab: Lab): Promise<string[]> {
  const lines: string[] = [];
  const note = async (work: () => Promise<string[]>) => {
    try {
      lines.push(...(await work()));
    } catch (error) {
      lines.push(`${(error as Error).message.split("\n")[0]}`);
    }
  };
  await note(async () => nodesByZone(await clusterNodes(lab)));
  await note(async () => (await etcdMembers(lab)).map(memberText));
  return lines;
}

function nodesByZone(nodes: readonly NodeSummary[]): string[] {
  const zones = [...new Set(nodes.map(({ zone }) => zone))].sort();
  return zones.map((zone) => {
    const inside = nodes.filter((node) => node.zone === zone).map(nodeText);
    return `zone ${zone}: ${inside.join(", ")}`;
  });
}

/** What a user wants to know of a cluster that is up, and what to try with it. */
export async function summary(lab: Lab, kubectl: string): Promise<string[]> {
  const kubeconfig = await writeKubeconfig(lab);
  const nodes = await clusterNodes(lab);
  const name = lab.spec.name;
  return [
    `Cluster of lab "${name}"`,
    `  API         https://${lab.spec.vip}:6443`,
    `  Kubeconfig  ${kubeconfig}`,
    "  Nodes",
    ...nodesByZone(nodes).map((line) => `    ${line}`),
    "  etcd",
    ...(await etcdMembers(lab)).map((member) => `    ${memberText(member)}`),
    "Next",
    `  export KUBECONFIG=${kubeconfig}`,
    `  ${kubectl} get nodes -o wide`,
    `  bin/quorum lab ssh -s ${name} ${lab.names[0]}`,
    `  bin/quorum lab logs -s ${name} ${lab.names[0]}`,
    `  bin/quorum lab down -s ${name}`,
  ];
}

function nodeText(node: NodeSummary): string {
  const kind = node.controlPlane ? "control plane" : "worker";
  return `${node.name} (${kind}, ${node.version}, ${node.ready ? "Ready" : "NOT Ready"})`;
}

function memberText({ endpoint, version, databaseMiB, leads }: MemberSummary): string {
  return `${endpoint}  ${version}  ${databaseMiB} MiB${leads ? "  leader" : ""}`;
}
