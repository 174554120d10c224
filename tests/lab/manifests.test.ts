import assert from "node:assert/strict";
import { ApiClient } from "../../lab/faults/api.ts";
import { type KubernetesObject, ObjectClient } from "../../lab/faults/objects.ts";
import { waitUntil } from "../../lab/process.ts";
import type { Raw } from "../support/fixtures.ts";
import { Belongings } from "./support/applications.ts";
import {
  definitionOf,
  type Manifest,
  previewedManifests,
  storageManifests,
} from "./support/manifests.ts";
import { testLab } from "./support/testLab.ts";

function defines(definition: Raw, { apiVersion, kind }: KubernetesObject): boolean {
  const { group, names } = definition.spec;
  return names.kind === kind && apiVersion.startsWith(`${group}/`);
}

describe("manifests of every layer and storage backend, on a real API server", function () {
  this.timeout(600_000);
  let objects: ObjectClient;
  let belongings: Belongings;
  const manifests: Manifest[] = [];

  const isServed = (object: KubernetesObject) =>
    objects.path(object).then(
      () => true,
      () => false,
    );

  before(async () => {
    const { kubeconfig } = await testLab.cluster();
    objects = new ObjectClient(new ApiClient(kubeconfig));
    belongings = new Belongings(objects);
    for (const stack of ["prod", "hybrid", testLab.name])
      manifests.push(...(await previewedManifests(stack)));
    manifests.push(...(await storageManifests()));
    const own = manifests.map(({ object }) => object);
    // Definitions that a stack brings itself, then those that come with a chart.
    const brought = own.filter(({ kind }) => kind === "CustomResourceDefinition");
    await belongings.add(...brought);
    const kinds = new Map(own.map((one) => [`${one.apiVersion} ${one.kind}`, one]));
    for (const one of kinds.values()) {
      if (await isServed(one)) continue;
      const isBrought = brought.some((definition) => defines(definition, one));
      if (!isBrought) await belongings.add(definitionOf(one));
      await waitUntil(`${one.kind} is served`, 60, () => isServed(one));
    }
    const namespaces = new Set(own.map(({ metadata }) => metadata.namespace ?? "default"));
    for (const name of namespaces)
      await belongings.add({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  });
  after(() => belongings.remove());

  it("are there to be asked about: built-in ones, Ceph's and Portworx'", () => {
    const kinds = new Set(manifests.map(({ object }) => object.kind));
    for (const kind of [
      "ValidatingAdmissionPolicy",
      "PriorityClass",
      "StorageClass",
      "Deployment",
      "ResourceQuota",
      "CephCluster",
      "CephBlockPool",
      "CephFilesystem",
      "CephObjectStore",
      "StorageCluster",
      "VolumeSnapshotClass",
    ])
      assert.ok(kinds.has(kind), kind);
  });

  it("are all taken by server-side apply, every field known", async () => {
    const refused: string[] = [];
    for (const { source, object } of manifests)
      await objects
        .apply(object, { dryRun: true })
        .catch((error: Error) => refused.push(`${source}: ${error.message}`));
    assert.deepEqual(refused, []);
  });

  it("are refused when the definition forbids them: a field it lacks, a rule it makes", async () => {
    const custom = (kind: string): Raw =>
      structuredClone(manifests.find(({ object }) => object.kind === kind)?.object);
    const [pool, cluster] = [custom("CephBlockPool"), custom("CephCluster")];
    pool.spec.replicas = 3;
    await assert.rejects(
      objects.apply(pool, { dryRun: true }),
      /spec\.replicas: field not declared/,
    );
    cluster.spec.mon.count = 1;
    await assert.rejects(
      objects.apply(cluster, { dryRun: true }),
      /zones must be less than or equal to count/,
    );
  });
});
