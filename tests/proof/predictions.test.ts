import assert from "node:assert/strict";
import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import { pairPredictions, singlePredictions } from "../../proof/predictions.ts";
import { hostsPlan } from "../support/plannedGraph.ts";

const model = modelOf(graphOf(hostsPlan().preview()));

describe("predictions", () => {
  it("say for every single failure which machines go and whether writes go on", () => {
    const found = singlePredictions(model);
    const zone = found.find(({ failures }) => failures[0]?.name === "a");
    assert.deepEqual(zone, {
      failures: [{ kind: "zone", name: "a" }],
      machines: ["etcd-1", "control-plane-1", "worker-1", "balancer-1"],
      writes: "survived",
      because: "",
    });
    const lost = found.filter(({ writes }) => writes === "lost");
    assert.deepEqual(
      lost.map(({ failures }) => failures[0]?.kind),
      ["segment"],
    );
  });

  it("draw pairs by seed, half of them lost", () => {
    const pairs = pairPredictions(model, 7, 12);
    assert.equal(pairs.length, 12);
    assert.equal(pairs.filter(({ writes }) => writes === "lost").length, 6);
    assert.deepEqual(pairPredictions(model, 7, 12), pairs);
    assert.notDeepEqual(pairPredictions(model, 8, 12), pairs);
  });

  it("give the reason for what is lost", () => {
    const pairs = pairPredictions(model, 1, 200);
    const etcd = pairs.find(
      ({ machines }) => machines.includes("etcd-1") && machines.includes("etcd-2"),
    );
    assert.equal(etcd?.because, "1 of 3 voters left, 2 needed");
  });
});
