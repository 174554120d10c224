import assert from "node:assert/strict";
import { planPools } from "../../design/pools.ts";
import { eksConfig } from "../support/fixtures.ts";

const [batch] = planPools(
  eksConfig((raw) => {
    raw.storage = [];
    raw.pools = {
      batch: {
        instanceTypes: ["m7g.xlarge", "m7g.large"],
        architecture: "arm64",
        capacity: "spot",
        minNodes: 0,
        nodesPerZone: { min: 0, desired: 0, max: 5 },
        volumeGiB: 80,
        podsPerNode: 100,
        labels: { workload: "batch" },
        taints: [{ key: "workload", value: "batch", effect: "NoSchedule" }],
      },
    };
  }),
);

describe("pools", () => {
  it("become one group per zone, each with the counts of a zone", () => {
    assert.deepEqual(
      batch?.groups.map(({ zone, minNodes, desiredNodes, maxNodes }) => [
        zone,
        minNodes,
        desiredNodes,
        maxNodes,
      ]),
      [
        ["us-west-2a", 0, 0, 5],
        ["us-west-2b", 0, 0, 5],
        ["us-west-2c", 0, 0, 5],
      ],
    );
  });

  it("stand in the zones that the stack chooses for them", () => {
    const [general] = planPools(
      eksConfig((raw) => (raw.pools.general.zones = ["us-west-2c", "us-west-2a"])),
    );
    assert.deepEqual(
      general?.groups.map(({ zone }) => zone),
      ["us-west-2c", "us-west-2a"],
    );
  });

  it("count on the smallest of their instance types", () => {
    assert.deepEqual([batch?.nodeCpus, batch?.nodeMemoryGiB], [2, 8]);
  });

  it("tell the autoscaler what their first node looks like, from the same labels and taints", () => {
    const group = batch?.groups[1];
    assert.deepEqual(group?.labels, { workload: "batch", "quorum/pool": "batch" });
    const prefix = "k8s.io/cluster-autoscaler/node-template";
    assert.deepEqual(group?.autoscalerTags, {
      [`${prefix}/label/workload`]: "batch",
      [`${prefix}/label/quorum/pool`]: "batch",
      [`${prefix}/label/topology.kubernetes.io/zone`]: "us-west-2b",
      [`${prefix}/label/topology.ebs.csi.aws.com/zone`]: "us-west-2b",
      [`${prefix}/taint/workload`]: "batch:NoSchedule",
      [`${prefix}/resources/ephemeral-storage`]: "80Gi",
    });
  });

  it("ask for the image, the market and the pods of the stack file", () => {
    assert.equal(batch?.amiType, "AL2023_ARM_64_STANDARD");
    assert.equal(batch?.capacityType, "SPOT");
    assert.match(batch?.userData ?? "", /^ {6}maxPods: 100$/m);
  });
});
