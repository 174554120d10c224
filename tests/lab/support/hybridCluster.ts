import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cloud } from "../../../lab/cloud/cloud.ts";
import type { Instance } from "../../../lab/cloud/instances.ts";
import { type NodeSummary, summariseNodes } from "../../../lab/cluster.ts";
import { etcdctl } from "../../../lab/faults/members.ts";
import { waitUntil } from "../../../lab/process.ts";

/** One entry of etcd's list of members. */
export interface EtcdMember {
  /** Hexadecimal. */
  id: string;
  name: string;
  started: boolean;
  learner: boolean;
}

/** etcd's members as the first machine that reaches them lists them; empty while none does. */
export async function etcdMembers(cloud: Cloud): Promise<EtcdMember[]> {
  for (const instance of cloud.ofRole("etcd")) {
    const machine = cloud.machine(instance);
    if (machine.leader() === undefined) continue;
    const listed = await etcdctl(machine, ["member", "list"]).catch(() => undefined);
    if (listed?.exitCode !== 0) continue;
    const lines = listed.stdout.split("\n").filter(Boolean);
    return lines.map((line) => {
      const [id = "", status, name = "", , , learner] = line.split(", ");
      return { id, name, started: status === "started", learner: learner === "true" };
    });
  }
  return [];
}

/** Wait until all three members are voters, healthy, and each boot says that it is ready. */
export async function waitForEtcd(cloud: Cloud, seconds: number): Promise<EtcdMember[]> {
  let members: EtcdMember[] = [];
  await waitFor(cloud, "three healthy etcd members", seconds, async () => {
    members = await etcdMembers(cloud);
    const voters = members.filter(({ started, learner }) => started && !learner);
    if (voters.length !== 3 || members.length !== 3) return false;
    const [first] = cloud.ofRole("etcd");
    if (first === undefined) return false;
    return (await etcdctl(cloud.machine(first), ["endpoint", "health"])).exitCode === 0;
  });
  return members;
}

export async function nodes(cloud: Cloud): Promise<NodeSummary[]> {
  return summariseNodes(await cloud.kubectl(["get", "nodes", "--output=json"]));
}

/** Wait until exactly the instances of the cluster's own nodes are Ready Nodes. */
export async function waitForNodes(cloud: Cloud, seconds: number): Promise<void> {
  await waitFor(cloud, "a Ready Node for each machine, and no other", seconds, async () => {
    const wanted = [...cloud.ofRole("control-plane"), ...cloud.ofRole("worker")];
    const ready = (await nodes(cloud).catch(() => [])).map(({ name, ready }) => `${name} ${ready}`);
    return (
      ready.sort().join() ===
      wanted
        .map(({ id }) => `${id} true`)
        .sort()
        .join()
    );
  });
}

/** What the boot of a machine says of itself, without state and time; "" before it says anything. */
export function bootState(cloud: Cloud, instance: Instance): string {
  return fileOf(cloud, instance, "var/lib/quorum/boot").replace(/^(\S+) \d+ /, "$1: ");
}

/** Wait until the boot of a machine says something. */
export async function waitForBoot(
  cloud: Cloud,
  instance: Instance,
  pattern: RegExp,
  seconds: number,
): Promise<void> {
  await waitFor(cloud, `${instance.name} says ${pattern}`, seconds, () =>
    pattern.test(bootState(cloud, instance)),
  );
}

/** A file that a machine has written, or "" where it has not. */
export function fileOf(cloud: Cloud, instance: Instance, path: string): string {
  const file = join(cloud.machine(instance).paths.upper, path);
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
}

/** Whether a machine has written a file of this (glob) name. */
export function hasWritten(cloud: Cloud, instance: Instance, pattern: string): boolean {
  return globSync(pattern, { cwd: cloud.machine(instance).paths.upper }).length > 0;
}

/** Wait; when it does not come, the error says what each machine says. */
export async function waitFor(
  cloud: Cloud,
  what: string,
  seconds: number,
  condition: () => Promise<boolean> | boolean,
): Promise<void> {
  try {
    await waitUntil(what, seconds, condition, 300);
  } catch (error) {
    const states = cloud.instances.map(
      (one) => `  ${one.name} ${one.id}: ${bootState(cloud, one)}`,
    );
    const denied = await cloud.control.denied().catch(() => ["the cloud does not answer"]);
    throw new Error(`${(error as Error).message}\n${[...states, ...denied].join("\n")}`);
  }
}
