import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eksStack } from "../../../components/eks/stack.ts";
import { planEks } from "../../../design/eks.ts";
import { eksConfig, type Raw } from "../../support/fixtures.ts";
import { type Recording, record } from "../../support/mocks.ts";
import { predecessors } from "../../support/order.ts";

const run = (change?: (raw: Raw) => void): Promise<Recording> =>
  record(async () => eksStack(planEks(eksConfig(change))), { stack: "demo", preview: true });

/** Ceph, Portworx or both on a pool of their own. */
const withStorage =
  (...backends: Raw[]) =>
  (raw: Raw) => {
    raw.pools.disks = {
      ...raw.pools.general,
      minNodes: 2,
      nodesPerZone: { min: 1, desired: 1, max: 1 },
    };
    raw.storage = [{ backend: "ebs" }, ...backends.map((one) => ({ pool: "disks", ...one }))];
  };
const ceph = { backend: "rook-ceph" };
const portworx = { backend: "portworx", licensed: true };

describe("what runs on a cluster of platform eks", () => {
  it("has the autoscaler of its version, two of it over zones, on its own role", async () => {
    const recording = await run();
    const release = recording.find("kubernetes:helm.sh/v3:Release", "demo-cluster-autoscaler");
    assert.equal(release.inputs.values.image.tag, "v1.36.1");
    assert.equal(release.inputs.version, "9.59.0");
    assert.equal(release.inputs.atomic, true);
    assert.ok(predecessors(recording, release.type, release.name).has("demo-autoscaler"));
    assert.deepEqual(
      recording.find("quorum:addons:ClusterAutoscaler", "demo-cluster-autoscaler").inputs,
      { pools: "all", replicas: 2, spread: "zone" },
    );
  });

  const source = async (charts: Raw) => {
    const recording = await run((raw) => (raw.charts = charts));
    const { chart, version, repositoryOpts } = recording.find(
      "kubernetes:helm.sh/v3:Release",
      "demo-cluster-autoscaler",
    ).inputs;
    return { chart, version, repositoryOpts };
  };

  it("takes charts from a registry where the stack names one", async () =>
    assert.deepEqual(await source({ mirror: "oci://registry.example.com/charts" }), {
      chart: "oci://registry.example.com/charts/cluster-autoscaler",
      version: "9.59.0",
      repositoryOpts: undefined,
    }));

  it("takes charts from a directory, each only if it is the one that was meant", async () => {
    const mirror = mkdtempSync(join(tmpdir(), "quorum-charts-"));
    try {
      const file = "cluster-autoscaler-9.59.0";
      const digest = createHash("sha256").update("a chart").digest("hex");
      const charts = { mirror, digests: { [file]: digest } };
      await assert.rejects(source(charts), /no such chart/);
      writeFileSync(join(mirror, `${file}.tgz`), "another chart");
      await assert.rejects(source(charts), /not the chart that was meant/);
      writeFileSync(join(mirror, `${file}.tgz`), "a chart");
      assert.deepEqual(await source(charts), {
        chart: `${mirror}/${file}.tgz`,
        version: "9.59.0",
        repositoryOpts: undefined,
      });
    } finally {
      rmSync(mirror, { recursive: true });
    }
  });

  it("gives teams their namespaces, protected with the cluster", async () => {
    const recording = await run((raw) => (raw.namespaces = { shop: { guard: "enforce" } }));
    const { inputs, protect } = recording.find("kubernetes:core/v1:Namespace", "demo-shop");
    assert.deepEqual(inputs.metadata, { name: "shop", labels: { "quorum.dev/guard": "enforce" } });
    assert.equal(protect, true);
  });

  it("installs Ceph in its order: operator, drivers, cluster, pool, class", async () => {
    const recording = await run(withStorage(ceph));
    const chain: [string, string][] = [
      ["kubernetes:core/v1:Namespace", "namespace"],
      ["kubernetes:helm.sh/v3:Release", "operator"],
      ["kubernetes:helm.sh/v3:Release", "drivers"],
      ["kubernetes:ceph.rook.io/v1:CephCluster", "cluster"],
      ["kubernetes:ceph.rook.io/v1:CephBlockPool", "pool"],
      ["kubernetes:storage.k8s.io/v1:StorageClass", "class"],
    ];
    chain.forEach(([type, name], index) => {
      const own = predecessors(recording, type, `demo-rook-ceph-${name}`);
      for (const [, earlier] of chain.slice(0, index))
        assert.ok(own.has(`demo-rook-ceph-${earlier}`), `${earlier} before ${name}`);
      assert.ok(own.has("demo-aws-ebs-csi-driver"), `the disks' driver before ${name}`);
    });
  });

  it("installs Portworx in its order, its role first: operator, cluster, classes", async () => {
    const recording = await run(withStorage(portworx));
    const own = predecessors(
      recording,
      "kubernetes:storage.k8s.io/v1:StorageClass",
      "demo-portworx-portworx-block",
    );
    for (const name of ["namespace", "operator", "cluster", "identity"])
      assert.ok(own.has(`demo-portworx-${name}`), name);
  });

  it("protects what holds data unless the stack says that it may go", async () => {
    const held = (recording: Recording) =>
      recording.registrations
        .filter(({ name, protect }) => /rook-ceph|portworx/.test(name) && protect)
        .map(({ name }) => name)
        .toSorted();
    assert.deepEqual(held(await run(withStorage(ceph, portworx))), [
      "demo-portworx-cluster",
      "demo-portworx-namespace",
      "demo-rook-ceph-cluster",
      "demo-rook-ceph-namespace",
      "demo-rook-ceph-pool",
    ]);
    const open = { deleteData: true };
    assert.deepEqual(
      held(await run(withStorage({ ...ceph, ...open }, { ...portworx, ...open }))),
      [],
    );
  });

  it("keeps the autoscaler away from pools that carry storage", async () => {
    const recording = await run(withStorage(ceph));
    assert.deepEqual(
      recording.find("quorum:addons:ClusterAutoscaler", "demo-cluster-autoscaler").inputs.pools,
      ["general"],
    );
  });
});
