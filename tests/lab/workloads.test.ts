import assert from "node:assert/strict";
import { planGuard } from "../../design/guard/guard.ts";
import { planNamespace } from "../../design/guard/namespace.ts";
import { planDeployment } from "../../design/workloads/deployment.ts";
import { priorityClasses } from "../../design/workloads/priorities.ts";
import { planStatefulSet } from "../../design/workloads/statefulSet.ts";
import { echoImage } from "../../lab/containerImages.ts";
import { ApiClient } from "../../lab/faults/api.ts";
import { waitUntilHealthy } from "../../lab/faults/health.ts";
import { powerOff, powerOn } from "../../lab/faults/kinds.ts";
import { withRole } from "../../lab/faults/members.ts";
import { readyElsewhere } from "../../lab/faults/nodeLoss.ts";
import { ObjectClient, type PodView } from "../../lab/faults/objects.ts";
import type { LabCluster } from "../../lab/ownLab.ts";
import { sleep, waitUntil } from "../../lab/process.ts";
import { examples } from "../support/guardExamples.ts";
import { apiServers } from "./support/apiServers.ts";
import { Belongings, ledger, selectorOf, shop } from "./support/applications.ts";
import { freeMilliCpus } from "./support/room.ts";
import { SteadyClient } from "./support/steadyClient.ts";
import { testLab } from "./support/testLab.ts";

const full = process.env.QUORUM_LAB_FULL === "1" ? it : it.skip;
const namespace = "survivors";
const [service, database] = [shop(namespace), ledger(namespace)];
const [services, databases] = [service, database].map((one) => ({
  namespace,
  selector: selectorOf(one),
  count: one.zones.length,
}));

describe("workloads on the lab's cluster", function () {
  this.timeout(900_000);
  let cluster: LabCluster;
  let objects: ObjectClient;
  let belongings: Belongings;
  assert.ok(services && databases);

  const zoneOf = (node: string) => cluster.lab.spec.hosts[node]?.zone ?? "?";
  const zones = (pods: readonly PodView[]) => pods.map(({ node }) => zoneOf(node)).sort();
  /** As many ready pods as there should be, none of them on what `gone` says. */
  const waitFor = async (what: typeof services, gone: (node: string) => boolean = () => false) => {
    let pods: PodView[] = [];
    await waitUntil(
      `${what.count} ready pods of ${what.selector}`,
      240,
      async () => {
        const ready = await readyElsewhere(objects, what).catch(() => []);
        pods = ready.filter(({ node }) => !gone(node));
        return pods.length === what.count;
      },
      500,
    );
    return pods;
  };

  before(async () => {
    cluster = await testLab.cluster();
    objects = new ObjectClient(new ApiClient(cluster.kubeconfig));
    belongings = new Belongings(objects);
    const { policies, bindings } = planGuard({ defaultMode: "warn" });
    await belongings.add(...priorityClasses(), ...policies, ...bindings);
    await belongings.add(planNamespace({ name: namespace, guard: "enforce" }).namespace);
  });
  after(() => belongings.remove());

  describe("under the admission policies", () => {
    const team = "team";
    before(() => belongings.add(planNamespace({ name: team, guard: "enforce" }).namespace));

    it("each policy lets its good examples pass and refuses its bad ones, on every API server", async () => {
      const wrong: string[] = [];
      for (const { name, answer } of apiServers(cluster.lab, objects)) {
        for (const [rule, { accepted, refused }] of Object.entries(examples)) {
          // A server reads its policies from a cache that follows.
          await waitUntil(`${rule} is in force on ${name}`, 60, async () =>
            (await answer(refused[0]?.[1])).includes(`quorum-${rule}`),
          );
          for (const [what, object] of accepted) {
            const said = await answer(object);
            if (said !== "accepted") wrong.push(`${name}, ${rule}, ${what}: ${said}`);
          }
          for (const [what, object] of refused) {
            const said = await answer(object);
            if (!said.includes(`ValidatingAdmissionPolicy 'quorum-${rule}'`))
              wrong.push(`${name}, ${rule}, ${what}: ${said}`);
          }
        }
      }
      assert.deepEqual(wrong, []);
    });
  });

  describe("with a highly available Deployment and StatefulSet", () => {
    let clusterIP: string;
    before(async () => {
      await belongings.add(...Object.values(planDeployment(service)));
      await belongings.add(...Object.values(planStatefulSet(database)));
      const path = `/api/v1/namespaces/${namespace}/services/${service.name}`;
      ({ clusterIP } = (await objects.api.json<{ spec: { clusterIP: string } }>(path)).spec);
    });

    /** Asks the Deployment's Service from the first control plane while the work is done. */
    const whileAsked = async (work: () => Promise<void>) => {
      const [machine] = withRole(cluster.lab, "control-plane");
      assert.ok(machine);
      const client = new SteadyClient(machine, `http://${clusterIP}:${service.port}/healthz`);
      try {
        await work();
      } catch (error) {
        await client.stop();
        throw error;
      }
      return client.stop();
    };

    it("spreads both over zones and machines", async () => {
      for (const kind of [services, databases]) {
        const pods = await waitFor(kind);
        assert.deepEqual(zones(pods), ["a", "b", "c"], kind.selector);
        assert.equal(new Set(pods.map(({ node }) => node)).size, 3, kind.selector);
      }
    });

    it("keeps serving while every node is drained in turn: no request fails at its second try", async () => {
      await waitFor(services);
      const [controlPlane] = withRole(cluster.lab, "control-plane");
      const kubectl = (...args: string[]) =>
        controlPlane?.exec(["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", ...args], {
          timeoutSeconds: 200,
        });
      const experience = await whileAsked(async () => {
        const nodes = (["worker", "control-plane"] as const).map((role) =>
          withRole(cluster.lab, role),
        );
        for (const { name } of nodes.flat()) {
          const drain = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s"];
          await kubectl("drain", name, ...drain);
          try {
            await waitFor(services, (node) => node === name);
          } finally {
            await kubectl("uncordon", name);
          }
          // Its volume is on the machine: the replica waits for it, then the next may go.
          await waitFor(databases);
        }
      });
      assert.deepEqual(experience.failed, [], JSON.stringify(experience));
      assert.ok(experience.answered > 100, JSON.stringify(experience));
    });

    full("has all replicas of the Deployment again after a zone is lost, and serves", async () => {
      await waitFor(services);
      const zone = "c";
      const machines = cluster.lab.inZone(zone);
      try {
        await powerOff(cluster, machines);
        const pods = await waitFor(services, (node) => zoneOf(node) === zone);
        assert.deepEqual([...new Set(zones(pods))], ["a", "b"]);
        const { failed, answered } = await whileAsked(() => sleep(5000));
        assert.deepEqual(failed, []);
        assert.ok(answered > 5, `${answered}`);
      } finally {
        const off = machines.filter((machine) => !machine.isOn());
        await powerOn(cluster, off);
        await waitUntilHealthy(cluster.problems, 300);
      }
      const pods = await waitFor(databases);
      assert.deepEqual(zones(pods), ["a", "b", "c"], "each replica of the set is with its data");
    });
  });

  describe("when a machine is full", () => {
    const pod = (name: string, priorityClassName: string, node: string, cpuMilli: number) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "full", labels: { app: name } },
      spec: {
        priorityClassName,
        nodeSelector: { "kubernetes.io/hostname": node },
        terminationGracePeriodSeconds: 2,
        containers: [
          {
            name: "main",
            image: echoImage,
            resources: { requests: { cpu: `${cpuMilli}m`, memory: "16Mi" } },
          },
        ],
      },
    });
    const podNamed = async (name: string) =>
      (await objects.pods("full", `app=${name}`)).find((one) => !one.terminating);

    it("takes the place of a low-priority pod for a high one, and never for its equal", async () => {
      const [worker] = withRole(cluster.lab, "worker");
      assert.ok(worker);
      await belongings.add(planNamespace({ name: "full", guard: "off" }).namespace);
      const free = await freeMilliCpus(objects.api, worker.name);
      const needed = 100;
      await belongings.add(pod("low", "quorum-batch", worker.name, free - needed / 2));
      await waitUntil(
        "the low pod is ready",
        60,
        async () => (await podNamed("low"))?.ready ?? false,
      );

      await belongings.add(pod("equal", "quorum-batch", worker.name, needed));
      await waitUntil("the equal pod has been refused a place", 30, async () =>
        (await eventReasons(objects.api, "full", "equal")).includes("FailedScheduling"),
      );
      assert.equal((await podNamed("low"))?.ready, true, "the low pod runs on");

      await belongings.add(pod("high", "quorum-service", worker.name, needed));
      await waitUntil(
        "the high pod is ready",
        60,
        async () => (await podNamed("high"))?.ready ?? false,
      );
      assert.equal(await podNamed("low"), undefined, "the low pod had to go");
      assert.ok((await eventReasons(objects.api, "full", "low")).includes("Preempted"));
    });
  });
});

/** Reasons of the events about one object. */
async function eventReasons(api: ApiClient, ofNamespace: string, name: string): Promise<string[]> {
  const query = `fieldSelector=involvedObject.name%3D${name}`;
  const path = `/api/v1/namespaces/${ofNamespace}/events?${query}`;
  const { items } = await api.json<{ items: { reason: string }[] }>(path);
  return items.map(({ reason }) => reason);
}
