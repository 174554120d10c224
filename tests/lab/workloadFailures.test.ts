import assert from "node:assert/strict";
import { clusterTimings } from "../../design/clusterTimings.ts";
import { planNamespace } from "../../design/guard/namespace.ts";
import { planDeployment } from "../../design/workloads/deployment.ts";
import { priorityClasses } from "../../design/workloads/priorities.ts";
import { planStatefulSet } from "../../design/workloads/statefulSet.ts";
import { ApiClient } from "../../lab/faults/api.ts";
import { controllerManagerFlags, setNodeGrace } from "../../lab/faults/controllerManagers.ts";
import { evictionsBy, loneApiServer, stallAllOfEtcd } from "../../lab/faults/evictions.ts";
import { waitUntilHealthy } from "../../lab/faults/health.ts";
import { powerOn } from "../../lab/faults/kinds.ts";
import { withRole } from "../../lab/faults/members.ts";
import { loseNode, readyElsewhere } from "../../lab/faults/nodeLoss.ts";
import { ObjectClient, type PodView } from "../../lab/faults/objects.ts";
import type { LabCluster } from "../../lab/ownLab.ts";
import { waitUntil } from "../../lab/process.ts";
import { Belongings, bystanders, ledger, selectorOf, shop } from "./support/applications.ts";
import { testLab } from "./support/testLab.ts";

/** They want the computer to themselves: not in the quick set. */
const full = process.env.QUORUM_LAB_FULL === "1" ? describe : describe.skip;
const namespace = "survivors";
const onlookers = "bystanders";
const [service, database] = [shop(namespace), ledger(namespace)];
const replicasOf = (one: typeof service) => ({
  namespace,
  selector: selectorOf(one),
  count: one.zones.length,
});
/** How long etcd, or the way to it, may be gone before anybody's pods are. */
const outageSeconds = 40;
const healthySeconds = 300;

full("pods when machines fail, and when they only seem to", function () {
  this.timeout(900_000);
  let cluster: LabCluster;
  let objects: ObjectClient;
  let belongings: Belongings;

  /** Ready pods of one of the two, as many as there should be. */
  const waitFor = async (one: typeof service) => {
    let pods: PodView[] = [];
    await waitUntil(`the pods of ${one.name}`, 240, async () => {
      pods = await readyElsewhere(objects, replicasOf(one)).catch(() => []);
      return pods.length === one.zones.length;
    });
    return pods;
  };

  before(async () => {
    cluster = await testLab.cluster();
    objects = new ObjectClient(new ApiClient(cluster.kubeconfig));
    belongings = new Belongings(objects);
    await belongings.add(...priorityClasses());
    await belongings.add(planNamespace({ name: namespace }).namespace);
    await belongings.add(planNamespace({ name: onlookers }).namespace);
    await belongings.add(...Object.values(planDeployment(service)));
    await belongings.add(...Object.values(planStatefulSet(database)));
    const nodes = [...withRole(cluster.lab, "control-plane"), ...withRole(cluster.lab, "worker")];
    await belongings.add(bystanders(onlookers, nodes.length));
    await waitUntil("a bystander on every node", 120, async () => {
      const pods = await objects.pods(onlookers);
      return pods.filter(({ ready }) => ready).length === nodes.length;
    });
  });
  after(() => belongings.remove());
  afterEach(() => waitUntilHealthy(cluster.problems, healthySeconds).then(() => undefined));

  it("are made anew on another machine when theirs is lost, and data is read back when it returns", async () => {
    await waitFor(service);
    const [replica] = await waitFor(database);
    assert.ok(replica);
    const written = `written ${new Date().toISOString()}`;
    await data(cluster, replica, written);
    const victim = replica.node;
    const others = [replicasOf(service)];
    try {
      const loss = await loseNode(cluster, objects, others, victim, 240);
      assert.ok(loss.noticedSeconds > 0, "the node was seen to be unreachable");
      const moved = await objects.pods(namespace, selectorOf(service));
      assert.deepEqual(
        moved.filter((pod) => !pod.terminating && pod.node === victim),
        [],
      );
      const kept = await readyElsewhere(objects, replicasOf(database), victim);
      assert.equal(kept.length, database.zones.length - 1, "a volume's pod waits for its machine");
      console.log(
        `      noticed after ${loss.noticedSeconds.toFixed(0)} s, replaced after ${loss.replacedSeconds.toFixed(0)} s`,
      );
    } finally {
      await powerOn(cluster, [cluster.lab.machine(victim)]);
    }
    const back = (await waitFor(database)).find(({ name }) => name === replica.name);
    assert.equal(back?.node, victim);
    assert.notEqual(back.uid, "");
    assert.equal(await data(cluster, back), written);
  });

  it("have the API server and the controller manager to thank, by these settings", async () => {
    for (const [machine, flags] of controllerManagerFlags(cluster.lab)) {
      assert.ok(
        flags.includes(`--node-monitor-grace-period=${clusterTimings.nodeGraceSeconds}s`),
        machine,
      );
      assert.ok(
        flags.includes(`--node-monitor-period=${clusterTimings.nodeMonitorSeconds}s`),
        machine,
      );
    }
    for (const pod of await objects.pods(onlookers))
      assert.equal(pod.unreachableSeconds, clusterTimings.evictionTolerationSeconds, pod.name);
  });

  it(`stay where they are while etcd stalls for ${outageSeconds} s`, async () => {
    const stall = { inject: () => stallAllOfEtcd(cluster) };
    const { proof, evicted } = await evictionsBy(objects, onlookers, stall, outageSeconds);
    assert.match(proof, /threads hang/);
    assert.deepEqual(evicted, []);
  });

  /** One API server without etcd for as long; its own kubelet knows no other. */
  const withoutEtcd = async () => {
    const { inject, node, leaseAge } = await loneApiServer(cluster, objects);
    let age = 0;
    const look = async () => {
      age = await leaseAge();
      return `the lease of ${node} is ${age.toFixed(0)} s old`;
    };
    const trial = await evictionsBy(objects, onlookers, { inject, look }, outageSeconds);
    assert.ok(age > 30, trial.proof);
    return trial;
  };

  it(`stay when only the kubelets behind one API server cannot renew for ${outageSeconds} s`, async () => {
    const { evicted, proof } = await withoutEtcd();
    assert.deepEqual(evicted, [], proof);
  });

  it("would be evicted for nothing if the grace were 20 s: the test above can fail", async () => {
    const restore = await setNodeGrace(cluster.lab, 20);
    try {
      await waitUntilHealthy(cluster.problems, healthySeconds);
      const { evicted, proof } = await withoutEtcd();
      assert.notDeepEqual(evicted, [], proof);
    } finally {
      await restore();
    }
  });
});

/** The file of a replica, asked of it from its own machine; with `content` it is written first. */
async function data(
  { lab }: LabCluster,
  { address, node }: PodView,
  content?: string,
): Promise<string> {
  const put = content === undefined ? [] : ["-X", "PUT", "--data-binary", content];
  const url = `http://${address}:8080/data?name=entry`;
  const { stdout } = await lab.machine(node).exec(["curl", "-sf", "--max-time", "10", ...put, url]);
  return (JSON.parse(stdout) as { content: string }).content;
}
