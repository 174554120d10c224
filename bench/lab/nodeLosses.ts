import { loadavg } from "node:os";
import { planDeployment } from "../../design/workloads/deployment.ts";
import { nameLabel } from "../../design/workloads/labels.ts";
import { priorityClasses } from "../../design/workloads/priorities.ts";
import { echoImage } from "../../lab/containerImages.ts";
import { ApiClient } from "../../lab/faults/api.ts";
import { waitUntilHealthy } from "../../lab/faults/health.ts";
import { powerOn } from "../../lab/faults/kinds.ts";
import { zonesOf } from "../../lab/faults/members.ts";
import { loseNode, readyElsewhere } from "../../lab/faults/nodeLoss.ts";
import { type KubernetesObject, ObjectClient } from "../../lab/faults/objects.ts";
import type { LabCluster } from "../../lab/ownLab.ts";
import { sleep, waitUntil } from "../../lab/process.ts";
import { seededRandom } from "./statistics.ts";
import { untilCounted, type VoidBudget } from "./voids.ts";

/** One node lost under a Deployment that is made to survive it. */
export interface NodeLossRun {
  seed: number;
  node: string;
  noticedSeconds: number;
  replacedSeconds: number;
  loadAverage: number;
  /** Why the run does not count. */
  problem: string;
}

export const nodeLossName = "node lost";
export const nodeLossGoalSeconds = 90;
/** What Kubernetes takes without our settings: 40 to 50 s of silence, then 300 s of patience. */
export const nodeLossDefaultSeconds = 340;

const namespace = "bench-node-loss";
const longestSeconds = 300;
const healthySeconds = 300;

/**
 * Lose a worker again and again, each time one that has a replica, and wait for its replacement; until each
 * seed has a run that counts or the void ones are too many.
 */
export async function measureNodeLosses(
  cluster: LabCluster,
  seeds: readonly number[],
  voids: VoidBudget,
  onRun: (run: NodeLossRun) => void,
): Promise<void> {
  const objects = new ObjectClient(new ApiClient(cluster.kubeconfig));
  const zones = zonesOf(cluster.lab);
  const plan = planDeployment({
    name: "shop",
    namespace,
    zones,
    image: echoImage,
    requests: { cpuMilli: 20, memoryMiB: 64 },
    port: 8080,
    probe: { readyPath: "/healthz" },
  });
  const made: KubernetesObject[] = [];
  const home = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  try {
    for (const object of [...priorityClasses(), home, ...Object.values(plan)])
      if (await objects.create(object)) made.push(object);
    const replicas = { namespace, selector: `${nameLabel}=shop`, count: zones.length };
    for (const seed of seeds) {
      const counted = await untilCounted(voids, async () => {
        const run = await measureOnce(cluster, objects, replicas, seed);
        onRun(run);
        return run;
      });
      if (!counted) return;
    }
  } finally {
    for (const object of made.toReversed()) await objects.remove(object);
  }
}

async function measureOnce(
  cluster: LabCluster,
  objects: ObjectClient,
  replicas: Parameters<typeof loseNode>[2][number],
  seed: number,
): Promise<NodeLossRun> {
  const random = seededRandom(seed);
  const run = {
    seed,
    node: "",
    noticedSeconds: 0,
    replacedSeconds: 0,
    loadAverage: 0,
    problem: "",
  };
  try {
    await waitUntilHealthy(cluster.problems, healthySeconds);
    let nodes: string[] = [];
    await waitUntil("all replicas are ready", healthySeconds, async () => {
      nodes = (await readyElsewhere(objects, replicas)).map(({ node }) => node);
      return nodes.length === replicas.count;
    });
    // So that no run is in step with the renewal of leases.
    await sleep(random() * 5000);
    run.loadAverage = loadavg()[0] ?? 0;
    run.node = nodes[Math.floor(random() * nodes.length)] ?? "";
    const loss = await loseNode(cluster, objects, [replicas], run.node, longestSeconds);
    run.noticedSeconds = loss.noticedSeconds;
    run.replacedSeconds = loss.replacedSeconds;
  } catch (error) {
    run.problem = (error as Error).message;
  } finally {
    const { lab } = cluster;
    const off = lab.names.map((name) => lab.machine(name)).filter((machine) => !machine.isOn());
    await powerOn(cluster, off);
  }
  return run;
}
