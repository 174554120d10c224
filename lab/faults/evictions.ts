import { sleep } from "../process.ts";
import { stallFsync } from "./diskFaults.ts";
import type { FaultCluster, Injected } from "./fault.ts";
import { Interruption, unlessAborted } from "./interruption.ts";
import { cutOff } from "./kinds.ts";
import { withRole } from "./members.ts";
import type { ObjectClient } from "./objects.ts";

const etcdClientPort = 2379;

interface Lease {
  spec: { renewTime?: string; holderIdentity?: string };
}

/** What became of pods on machines that ran on all the while. */
export interface Trial {
  /** Proof that the fault was there. */
  proof: string;
  /** Names of pods that were deleted or told to go, by the node that they were on. */
  evicted: string[];
}

/** After a fault the control plane catches up; what it evicts for the fault's sake, it evicts soon. */
const settleSeconds = 30;

/** A fault that takes no machine away: how it is put in, and what shows that it is there. */
export interface Disturbance {
  inject: () => Promise<Injected>;
  /** Evidence of the fault, asked at its end, while it still holds. Default: its own proof. */
  look?: () => Promise<string>;
}

/** Hold a fault that is no machine's failure, and report which pods were evicted for it all the same. */
export async function evictionsBy(
  objects: ObjectClient,
  namespace: string,
  { inject, look }: Disturbance,
  holdSeconds: number,
): Promise<Trial> {
  // Before the fault: it may be the API that is disturbed.
  const before = await objects.pods(namespace);
  const interruption = new Interruption();
  let injected: Injected | undefined;
  let proof = "";
  try {
    injected = await inject();
    const hold = held(holdSeconds, look ?? (async () => (await injected?.proof()) ?? ""));
    proof = await unlessAborted(interruption.signal, hold);
  } finally {
    await injected?.heal();
    interruption.end();
  }
  await sleep(settleSeconds * 1000);
  const after = await withPatience(() => objects.pods(namespace));
  const stayed = new Set(after.filter((pod) => !pod.terminating).map(({ uid }) => uid));
  const evicted = before.filter(({ uid }) => !stayed.has(uid));
  return { proof, evicted: evicted.map(({ name, node }) => `${name} on ${node}`) };
}

/** What is seen shortly before the time is up. */
async function held(holdSeconds: number, look: () => Promise<string>): Promise<string> {
  const start = Date.now();
  await sleep((holdSeconds - 3) * 1000);
  const seen = await look();
  await sleep(Math.max(0, holdSeconds * 1000 - (Date.now() - start)));
  return seen;
}

/** Every write of every etcd member hangs: nothing in the cluster can be renewed. */
export async function stallAllOfEtcd({ lab }: FaultCluster): Promise<Injected> {
  const members = withRole(lab, "etcd");
  const stalls = await Promise.all(members.map(stallFsync));
  return {
    target: members.map(({ name }) => name).join(", "),
    proof: async () => {
      const proofs = await Promise.all(stalls.map((stall) => stall.proof()));
      return proofs.includes(undefined) ? undefined : proofs.join("; ");
    },
    heal: async () => {
      await Promise.all(stalls.map((stall) => stall.heal()));
    },
  };
}

/** One API server to lose etcd: the kubelets behind it cannot renew, all others can. */
export interface LoneApiServer {
  inject: () => Promise<Injected>;
  /** The node whose kubelet knows no other API server. */
  node: string;
  /** Seconds since its lease was renewed, as the other API servers have it. */
  leaseAge: () => Promise<number>;
}

/**
 * An API server that can be cut off from etcd: not the one beside the leading controller manager, which
 * would lose its lead, and with it its count of every node's silence.
 */
export async function loneApiServer(
  cluster: FaultCluster,
  objects: ObjectClient,
): Promise<LoneApiServer> {
  const { lab } = cluster;
  const leases = "/apis/coordination.k8s.io/v1/namespaces";
  const leader = await objects.api.json<Lease>(
    `${leases}/kube-system/leases/kube-controller-manager`,
  );
  const servers = withRole(lab, "control-plane");
  const isLeading = (name: string) => leader.spec.holderIdentity?.startsWith(`${name}_`) ?? false;
  const victim = servers.find(({ name }) => !isLeading(name));
  const witness = servers.find(({ name }) => isLeading(name));
  if (victim === undefined || witness === undefined)
    throw new Error(`no controller manager leads: ${leader.spec.holderIdentity}`);
  const peers = withRole(lab, "etcd").map(({ host }) => host.address);
  const narrow = { peers, protocol: "tcp", port: etcdClientPort };
  return {
    inject: () => cutOff(cluster, [victim], "cut both ways", narrow),
    node: victim.name,
    leaseAge: async () => {
      const server = `https://${witness.host.address}:6443`;
      const path = `${leases}/kube-node-lease/leases/${victim.name}`;
      const { spec } = await objects.api.json<Lease>(path, { server, timeoutSeconds: 10 });
      return (Date.now() - Date.parse(spec.renewTime ?? "")) / 1000;
    },
  };
}

/** The API may still be finding its feet. */
async function withPatience<Value>(ask: () => Promise<Value>): Promise<Value> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries >= 30) throw error;
      await sleep(2000);
    }
  }
}
