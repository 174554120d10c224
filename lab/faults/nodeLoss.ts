import { sleep } from "../process.ts";
import type { FaultCluster } from "./fault.ts";
import type { ObjectClient, PodView } from "./objects.ts";

/** The pods that a lost node must not take with it. */
export interface Replicas {
  namespace: string;
  /** Label selector. */
  selector: string;
  count: number;
}

/** How a node's loss went, in seconds from the pulled plug. */
export interface NodeLoss {
  node: string;
  /** The control plane has marked the node unreachable. */
  noticedSeconds: number;
  /** As many pods as before are Ready on other nodes. */
  replacedSeconds: number;
  /** Pods that were on the node. */
  lost: PodView[];
}

interface Node {
  spec: { taints?: { key: string; effect: string }[] };
}

/** Pods of these replicas that are Ready, not on their way out, and elsewhere than on this node. */
export async function readyElsewhere(
  objects: ObjectClient,
  { namespace, selector }: Replicas,
  node = "",
): Promise<PodView[]> {
  const pods = await objects.pods(namespace, selector);
  return pods.filter((pod) => pod.ready && !pod.terminating && pod.node !== node);
}

/**
 * Pull a node's plug and wait for its pods elsewhere. The machine stays off. Errors: they do not come
 * within the time.
 */
export async function loseNode(
  { lab }: FaultCluster,
  objects: ObjectClient,
  replicas: readonly Replicas[],
  node: string,
  timeoutSeconds: number,
): Promise<NodeLoss> {
  const before = await Promise.all(
    replicas.map(({ namespace, selector }) => objects.pods(namespace, selector)),
  );
  const lost = before.flat().filter((pod) => pod.node === node);
  const start = Date.now();
  const passed = () => (Date.now() - start) / 1000;
  await lab.machine(node).powerOff();
  let noticedSeconds = 0;
  for (;;) {
    // A request may go to a connection that broke with the machine: the next one will not.
    if (noticedSeconds === 0 && (await isUnreachable(objects, node).catch(() => false)))
      noticedSeconds = passed();
    const ready = await Promise.all(
      replicas.map((one) => readyElsewhere(objects, one, node).catch(() => [])),
    );
    if (ready.every((pods, index) => pods.length === replicas[index]?.count))
      return { node, noticedSeconds, replacedSeconds: passed(), lost };
    if (passed() > timeoutSeconds) {
      const counts = ready.map((pods, i) => `${replicas[i]?.selector}: ${pods.length}`).join(", ");
      throw new Error(`${timeoutSeconds} s after ${node} was lost, Ready elsewhere are ${counts}`);
    }
    await sleep(250);
  }
}

async function isUnreachable({ api }: ObjectClient, node: string): Promise<boolean> {
  const { spec } = await api.json<Node>(`/api/v1/nodes/${node}`);
  const lost = "node.kubernetes.io/unreachable";
  return spec.taints?.some(({ key, effect }) => key === lost && effect === "NoExecute") ?? false;
}
