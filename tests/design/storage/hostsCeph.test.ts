import assert from "node:assert/strict";
import { planHostsCeph } from "../../../design/storage/rookCeph/rookCeph.ts";
import { modelOf } from "../../../proof/facts/index.ts";
import { graphOf } from "../../../proof/graph.ts";
import { definitionErrors } from "../../support/customSchema.ts";
import { hostsWithDisks } from "../../support/fixtures.ts";
import { hostsPlan } from "../../support/plannedGraph.ts";
import { proofOf } from "../../support/proveChanged.ts";

const disks = {
  "worker-1": ["/dev/disk/by-id/nvme-a"],
  "worker-2": ["/dev/disk/by-id/nvme-b"],
  "worker-3": ["/dev/disk/by-id/nvme-c"],
};

describe("Ceph on disks of hosts", () => {
  const { config, storage } = hostsWithDisks(disks);
  const { cluster, pool, protect } = planHostsCeph(storage, config);

  it("takes the disks that were named and no other, and pins a monitor to each zone", () => {
    const { useAllNodes, useAllDevices, nodes, storageClassDeviceSets } = cluster.spec.storage;
    assert.deepEqual(
      [useAllNodes, useAllDevices, storageClassDeviceSets],
      [false, false, undefined],
    );
    assert.deepEqual(
      nodes,
      Object.entries(disks).map(([name, paths]) => ({
        name,
        devices: paths.map((path) => ({ name: path })),
      })),
    );
    assert.deepEqual(cluster.spec.mon.zones, [{ name: "a" }, { name: "b" }, { name: "c" }]);
    assert.equal(protect, true);
    assert.deepEqual(definitionErrors(cluster), []);
  });

  it("is proven to keep its monitors and to write when a zone is lost", () => {
    const plan = hostsPlan();
    plan.add("kubernetes:ceph.rook.io/v1:CephCluster", "ceph", { ...cluster });
    plan.add("kubernetes:ceph.rook.io/v1:CephBlockPool", "blocks", { ...pool });
    assert.equal(modelOf(graphOf(plan.preview())).storage[0]?.places?.length, 3);
    const { claims } = proofOf(plan);
    for (const id of ["storage-quorum", "storage-min-size"])
      assert.equal(claims.find((one) => one.id === id)?.sets.single?.verdict, "proven", id);
  });
});
