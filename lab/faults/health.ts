import type { Lab } from "../machines.ts";
import { sleep } from "../process.ts";
import { ApiClient } from "./api.ts";
import { etcdctl, etcdStatus, vipHolders, withRole } from "./members.ts";

interface Condition {
  type: string;
  status: string;
}
interface ObjectList {
  items: {
    metadata: { name: string };
    spec: { taints?: { key: string }[] };
    status: { conditions?: Condition[]; phase?: string };
  }[];
}

/** Everything that keeps a cluster from full health; empty when nothing does. */
export async function clusterProblems(lab: Lab, kubeconfig: string): Promise<string[]> {
  const off = lab.names.filter((name) => !lab.machine(name).isOn());
  if (off.length > 0) return off.map((name) => `${name} is off`);
  const checks = [etcdProblems(lab), loadBalancerProblems(lab), apiProblems(lab, kubeconfig)];
  const found = await Promise.all(
    checks.map((check) => check.catch((error: unknown) => [brief(error)])),
  );
  return found.flat();
}

/** How long full health took, and what was the last to come. */
export interface Recovery {
  seconds: number;
  last: string[];
}

/** Wait until nothing is wrong. Errors: what still is after the time. */
export async function waitUntilHealthy(
  problems: () => Promise<string[]>,
  timeoutSeconds: number,
): Promise<Recovery> {
  const start = Date.now();
  let last: string[] = [];
  for (;;) {
    const found = await problems();
    const seconds = (Date.now() - start) / 1000;
    if (found.length === 0) return { seconds, last };
    last = found;
    if (seconds > timeoutSeconds) {
      throw new Error(`not healthy after ${timeoutSeconds} s: ${found.join("; ")}`);
    }
    await sleep(1000);
  }
}

/** What keeps etcd from full health: every member answers as a voter, one leads, no alarm. */
export async function etcdProblems(lab: Lab): Promise<string[]> {
  const machines = withRole(lab, "etcd");
  const status = await etcdStatus(lab);
  const problems = machines
    .filter(({ host }) => !status.some(({ address }) => address === host.address))
    .map(({ name }) => `etcd member ${name} does not answer`);
  if (status.filter(({ isLeader }) => isLeader).length !== 1) problems.push("etcd has no leader");
  for (const { address, isLearner, errors } of status) {
    if (isLearner) problems.push(`etcd member ${address} is still a learner`);
    problems.push(...errors.map((error) => `etcd member ${address}: ${error}`));
  }
  const [first] = machines;
  if (first !== undefined && problems.length === 0) {
    const health = await etcdctl(first, ["endpoint", "health"]);
    if (health.exitCode !== 0) problems.push("an etcd member is not healthy");
    const list = await etcdctl(first, ["member", "list"]);
    const count = list.stdout.trim().split("\n").length;
    if (count !== machines.length) problems.push(`etcd lists ${count} members`);
  }
  return problems;
}

async function loadBalancerProblems(lab: Lab): Promise<string[]> {
  const problems: string[] = [];
  const holders = await vipHolders(lab);
  if (holders.length !== 1) problems.push(`${holders.length} load balancers hold the VIP`);
  for (const machine of withRole(lab, "load-balancer")) {
    for (const unit of ["haproxy", "keepalived"]) {
      const state = await machine.exec(["systemctl", "is-active", unit], { mayFail: true });
      if (state.stdout.trim() !== "active")
        problems.push(`${unit} on ${machine.name} is not active`);
    }
    // What keepalived goes by: anything but 0 keeps this balancer from taking over.
    const watched = ["haproxy", "api"].map((one) => `/run/quorum/lb/${one}`);
    const { stdout: said } = await machine.exec(["cat", ...watched], { mayFail: true });
    if (said !== "0\n0\n")
      problems.push(
        `${machine.name} cannot take over: HAProxy, API: ${said.split("\n").join(" ")}`,
      );
  }
  return problems;
}

async function apiProblems(lab: Lab, kubeconfig: string): Promise<string[]> {
  const api = new ApiClient(kubeconfig);
  const problems: string[] = [];
  for (const { name, host } of withRole(lab, "control-plane")) {
    const ready = await api
      .ask("/readyz", { server: `https://${host.address}:6443` })
      .catch((error: unknown) => ({ status: 0, body: brief(error) }));
    if (ready.status !== 200)
      problems.push(`API server of ${name} is not ready: ${ready.body.slice(0, 80)}`);
  }
  const { items: nodes } = await api.json<ObjectList>("/api/v1/nodes");
  const expected = lab.names.filter((name) =>
    lab.spec.hosts[name]?.roles.some((role) => role === "control-plane" || role === "worker"),
  );
  for (const name of expected) {
    const node = nodes.find(({ metadata }) => metadata.name === name);
    if (!isTrue(node?.status.conditions, "Ready")) problems.push(`node ${name} is not Ready`);
    const taint = node?.spec.taints?.find(({ key }) => /unreachable|not-ready/.test(key));
    if (taint !== undefined) problems.push(`node ${name} has taint ${taint.key}`);
  }
  const { items: pods } = await api.json<ObjectList>("/api/v1/namespaces/kube-system/pods");
  for (const { metadata, status } of pods) {
    if (status.phase === "Succeeded" || status.phase === "Failed") continue;
    if (!isTrue(status.conditions, "Ready")) problems.push(`pod ${metadata.name} is not Ready`);
  }
  return problems;
}

function isTrue(conditions: Condition[] | undefined, type: string): boolean {
  return conditions?.some((one) => one.type === type && one.status === "True") ?? false;
}

function brief(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : `${error}`;
}
