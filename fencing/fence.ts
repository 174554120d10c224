import { setTimeout as delay } from "node:timers/promises";
import type { V1Lease, V1Node, V1Pod } from "@kubernetes/client-node";
import {
  fencingPatch,
  isFenced,
  isReady,
  leaseSecondsOf,
  neverWasOff,
  type OffProof,
  offProof,
  type PowerAnswer,
  signsOfLife,
  undoPatch,
} from "./decision.ts";

/** The few things that fencing does with an API server. */
export interface NodeApi {
  /** undefined when there is no such object. */
  get(path: string): Promise<object | undefined>;
  patch(path: string, change: object): Promise<unknown>;
  podsOn(node: string): Promise<V1Pod[]>;
}

export interface FenceArgs {
  api: NodeApi;
  nodeName: string;
  /** A person's word that the machine is off. */
  confirmed: boolean;
  /** Asks who can know whether the machine is off; none when nobody can. */
  askPower(node: V1Node): Promise<PowerAnswer[]>;
  /** Ports of the machine on which somebody answers. */
  probe(node: V1Node): Promise<number[]>;
  now(): Date;
  say(line: string): void;
  /** Seconds for which the lease is watched. Default: half its life, in which kubelet renews it twice. */
  watchSeconds?: number;
  /** Seconds to wait until the cluster has let go of the pods; 0 does not wait. */
  releaseSeconds: number;
}

const pathOf = (node: string): string => `/api/v1/nodes/${encodeURIComponent(node)}`;
const leaseOf = (node: string): string =>
  `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${encodeURIComponent(node)}`;

/**
 * Releases the pods of a machine that is off, and their volumes.
 * @throws Error when there is a sign that it is on, or no proof that it is off; nothing was changed then.
 */
export async function fence(args: FenceArgs): Promise<OffProof> {
  const { api, nodeName, say } = args;
  const first = await look(api, nodeName);
  if (isFenced(first.node)) throw new Error(`${nodeName} is fenced already`);
  if (isReady(first.node)) throw alive(nodeName, ["it is Ready"]);
  const seconds = args.watchSeconds ?? leaseSecondsOf(first.lease) / 2;
  if (seconds > 0) say(`watching the lease of ${nodeName} for ${seconds} s`);
  const [answeringPorts] = await Promise.all([args.probe(first.node), delay(seconds * 1000)]);
  const second = await look(api, nodeName);
  const signs = signsOfLife({ before: first, after: second, answeringPorts, now: args.now() });
  if (signs.length > 0) throw alive(nodeName, signs);
  const proof = offProof(await powerAnswers(second.node, args), args.confirmed);
  await api.patch(pathOf(nodeName), fencingPatch(second.node, proof, args.now()));
  say(`${nodeName} is fenced: ${proof.who} says "${proof.said}"`);
  await watchRelease(args);
  return proof;
}

/** Who gives no answer proves nothing: a controller may have lost its power with the machine. */
async function powerAnswers(
  node: V1Node,
  { askPower, confirmed, say }: FenceArgs,
): Promise<PowerAnswer[]> {
  try {
    return await askPower(node);
  } catch (error) {
    if (!confirmed) throw error;
    say(`${(error as Error).message}; your word counts`);
    return [];
  }
}

function alive(node: string, signs: readonly string[]): Error {
  return new Error(
    `${node} is not fenced: ${signs.join("; ")}. A machine that is on may write to its volumes`,
  );
}

async function look(api: NodeApi, name: string) {
  const node = (await api.get(pathOf(name))) as V1Node | undefined;
  if (node === undefined) throw new Error(`the cluster has no node ${name}`);
  const lease = (await api.get(leaseOf(name))) as V1Lease | undefined;
  return { node, lease };
}

/** Pods that the taint takes off: all but those of daemons and kubelet's own. */
function leaves({ metadata, spec }: V1Pod): boolean {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.kind === "DaemonSet" || owner?.kind === "Node") return false;
  return !(spec?.tolerations ?? []).some(
    ({ key, operator, tolerationSeconds }) =>
      key === undefined && operator === "Exists" && tolerationSeconds === undefined,
  );
}

async function watchRelease({ api, nodeName, releaseSeconds, now, say }: FenceArgs): Promise<void> {
  const deadline = now().getTime() + releaseSeconds * 1000;
  for (;;) {
    const left = (await api.podsOn(nodeName)).filter(leaves);
    if (left.length === 0) return say("its pods are released");
    if (now().getTime() >= deadline)
      return say(
        `still to be released: ${left.length} of its pods: kubectl get pods -A --field-selector spec.nodeName=${nodeName}`,
      );
    await delay(1000);
  }
}

/**
 * Lets a node that came back serve again.
 * @returns true when the machine had never been off, whatever was said: its volumes need a look.
 * @throws Error when the node is not Ready or not fenced.
 */
export async function unfence({
  api,
  nodeName,
  say,
}: Pick<FenceArgs, "api" | "nodeName" | "say">): Promise<boolean> {
  const { node } = await look(api, nodeName);
  if (!isFenced(node)) throw new Error(`${nodeName} is not fenced`);
  if (!isReady(node))
    throw new Error(
      `${nodeName} is not Ready, so it stays fenced. If the machine never comes back: kubectl delete node ${nodeName}`,
    );
  const untouched = neverWasOff(node);
  await api.patch(pathOf(nodeName), undoPatch(node));
  say(`${nodeName} serves again`);
  return untouched;
}
