import assert from "node:assert/strict";
import { planNamespace } from "../../design/guard/namespace.ts";
import { priorityClasses } from "../../design/workloads/priorities.ts";
import { planStatefulSet } from "../../design/workloads/statefulSet.ts";
import { ApiClient } from "../../lab/faults/api.ts";
import { ObjectClient } from "../../lab/faults/objects.ts";
import type { LabCluster } from "../../lab/ownLab.ts";
import { waitUntil } from "../../lab/process.ts";
import { Belongings, ledger, selectorOf } from "./support/applications.ts";
import { testLab } from "./support/testLab.ts";

const namespace = "fencing";
const database = ledger(namespace);
const lost = "worker-b";
/** Takes minutes: a machine that is cut off has to be missed first. */
const full = process.env.QUORUM_LAB_FULL === "1" ? it : it.skip;

interface NodeView {
  status: { conditions: { type: string; status: string }[] };
  spec: { taints?: { key: string; value?: string; effect: string }[] };
}

describe("a machine of the lab that cannot be reached", function () {
  this.timeout(600_000);
  let cluster: LabCluster;
  let objects: ObjectClient;
  let belongings: Belongings;
  const quorum = (...args: string[]) => testLab.quorum([...args, "--stack", testLab.name]);
  const node = () => objects.api.json<NodeView>(`/api/v1/nodes/${lost}`);
  const readiness = async () =>
    (await node()).status.conditions.find(({ type }) => type === "Ready")?.status;
  const taint = async () =>
    (await node()).spec.taints?.find(({ key }) => key === "node.kubernetes.io/out-of-service");
  const replicas = () => objects.pods(namespace, selectorOf(database));
  const allReady = (what: string) =>
    waitUntil(what, 180, async () => {
      const pods = await replicas().catch(() => []);
      return pods.filter(({ ready, terminating }) => ready && !terminating).length === 3;
    });

  before(async () => {
    cluster = await testLab.cluster();
    objects = new ObjectClient(new ApiClient(cluster.kubeconfig));
    belongings = new Belongings(objects);
    const made = planNamespace({ name: namespace }).namespace;
    await belongings.add(...priorityClasses(), made, ...Object.values(planStatefulSet(database)));
    await allReady("the database serves in each zone");
  });
  after(async () => {
    if (cluster !== undefined) await cluster.lab.powerOn(lost, cluster.image);
    if ((await taint().catch(() => undefined)) !== undefined) await quorum("fence", lost, "--undo");
    await belongings?.remove();
  });

  it("is not fenced while it runs, not even for a person's word", async () => {
    await assert.rejects(quorum("fence", lost, "--confirm-off"), /not fenced: it is Ready/);
    assert.equal(await taint(), undefined);
  });

  full("is not fenced while it is only cut off: the lab says that it is on", async () => {
    await cluster.lab.setCuts([{ machine: lost, direction: "both" }]);
    try {
      await waitUntil(`${lost} is unreachable`, 150, async () => (await readiness()) === "Unknown");
      await assert.rejects(
        quorum("fence", lost, "--confirm-off"),
        /the power controller says "worker-b +on .*a machine that may be on may write/,
      );
      assert.equal(await taint(), undefined);
    } finally {
      await cluster.lab.setCuts([]);
    }
    await waitUntil(`${lost} is back`, 120, async () => (await readiness()) === "True");
    await allReady("the database serves in each zone again");
  });

  it("is fenced once it is off, by the lab's answer alone, and its replica is let go", async () => {
    const before = (await replicas()).find((pod) => pod.node === lost);
    assert.ok(before !== undefined);
    await cluster.lab.machine(lost).powerOff({ dropUnsynced: true });
    await waitUntil(`${lost} is lost`, 150, async () => (await readiness()) === "Unknown");
    await quorum("fence", lost);
    assert.equal((await taint())?.value, "nodeshutdown");
    const now = await replicas();
    assert.ok(now.every(({ uid }) => uid !== before.uid));
    // Its volume is on the machine that is off: the next one waits for it.
    assert.deepEqual(
      now.filter(({ name }) => name === before.name).map((pod) => pod.node),
      [""],
    );
  });

  it("serves again after it came back, and had been off", async () => {
    await cluster.lab.powerOn(lost, cluster.image);
    await waitUntil(`${lost} is Ready`, 120, async () => (await readiness()) === "True");
    await quorum("fence", lost, "--undo");
    assert.equal(await taint(), undefined);
    await allReady("the database has all its replicas again");
  });

  it("leaves nothing that the doctor would find", async () => {
    // Exit code 0 is its word: nothing found, nothing unknown.
    const { stdout } = await quorum("doctor", "--json");
    assert.deepEqual(JSON.parse(stdout).findings, []);
  });
});
