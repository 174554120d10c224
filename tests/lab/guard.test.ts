import assert from "node:assert/strict";
import { priorityClasses } from "../../design/workloads/priorities.ts";
import { echoImage } from "../../lab/containerImages.ts";
import { ApiClient } from "../../lab/faults/api.ts";
import { ObjectClient } from "../../lab/faults/objects.ts";
import type { LabCluster } from "../../lab/ownLab.ts";
import { waitUntil } from "../../lab/process.ts";
import { apiServers } from "./support/apiServers.ts";
import { testLab } from "./support/testLab.ts";

const settings = {
  guard: { defaultMode: "warn" },
  namespaces: {
    shop: {
      guard: "enforce",
      quota: { cpus: 2, memoryGiB: 2, pods: 20 },
      containers: { defaultCpuMilli: 50, defaultMemoryMiB: 32 },
    },
    helped: { guard: "enforce", defaults: true },
  },
};

/** A team's Deployment that says nothing but what it runs. */
const bare = (namespace: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "bare", namespace },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "bare" } },
    template: {
      metadata: { labels: { app: "bare" } },
      spec: { containers: [{ name: "main", image: echoImage }] },
    },
  },
});

interface LivePods {
  spec: { template: { spec: { topologySpreadConstraints?: { topologyKey: string }[] } } };
}

describe("guard and namespaces of a stack of hosts", function () {
  this.timeout(1_800_000);
  let cluster: LabCluster;
  let objects: ObjectClient;

  const quorum = (command: string, ...args: string[]) =>
    testLab.quorum([command, "--stack", testLab.name, "--engine", "embedded", ...args]);
  /** What the summary of a preview counts. */
  const preview = async () => {
    const { stdout } = await quorum("preview", "--json");
    return Object.keys((JSON.parse(stdout) as { changeSummary: object }).changeSummary);
  };
  const status = async (path: string) => (await objects.api.ask(path)).status;

  before(async () => {
    cluster = await testLab.cluster();
    objects = new ObjectClient(new ApiClient(cluster.kubeconfig));
    testLab.writeStack({}, undefined, settings);
    await testLab.up();
  });

  after(async () => {
    testLab.writeStack();
    // Namespaces hold data: `up` deletes them when it is told by name.
    const names = Object.keys(settings.namespaces).map((name) => `data:${testLab.name}-${name}`);
    await quorum("up", "--yes", "--allow", ...names);
  });

  it("are there after one up, and the next preview has nothing to do", async () => {
    assert.deepEqual(await preview(), ["same"]);
    for (const path of ["resourcequotas/quorum", "limitranges/quorum"])
      assert.equal(await status(`/api/v1/namespaces/shop/${path}`), 200, path);
    for (const { metadata } of priorityClasses())
      assert.equal(
        await status(`/apis/scheduling.k8s.io/v1/priorityclasses/${metadata.name}`),
        200,
      );
  });

  it("refuse on every API server what would not survive, and complete what asks for it", async () => {
    for (const { name, answer } of apiServers(cluster.lab, objects)) {
      // A server reads its policies from a cache that follows.
      const answers = async (namespace: string, expected: RegExp) => {
        let last = "";
        await waitUntil(
          () => `${name} answers a Deployment for ${namespace} by ${expected}, not ${last}`,
          120,
          async () => {
            last = await answer(bare(namespace));
            return expected.test(last);
          },
        );
      };
      // It breaks two rules; a server says the one that it came to first.
      await answers("shop", /'quorum-(spread|requests)' .* denied request/);
      await answers("helped", /^accepted$/);
    }
    await objects.create(bare("helped"));
    const path = await objects.path(bare("helped"));
    const { spec } = await objects.api.json<LivePods>(path);
    assert.deepEqual(
      spec.template.spec.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey),
      ["topology.kubernetes.io/zone"],
    );
  });

  it("come back with the next up when somebody deleted one", async () => {
    const quota = "/api/v1/namespaces/shop/resourcequotas/quorum";
    await objects.api.json(quota, { method: "DELETE" });
    await quorum("refresh", "--yes");
    await testLab.up();
    assert.equal(await status(quota), 200);
  });
});
