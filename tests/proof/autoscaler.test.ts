import assert from "node:assert/strict";
import { acts } from "../../proof/claims/capacity.ts";
import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import { type Autoscaler, closures } from "../../proof/model.ts";
import { lostDomains } from "../../proof/prove.ts";
import { Survivors } from "../../proof/survivors.ts";
import { addWorkload, eksPlan, type Plan } from "../support/plannedGraph.ts";
import { proofOf, red } from "../support/proveChanged.ts";

/** Room for all pods, but not on two thirds of the machines; the groups can double. */
function tight(autoscaler: Record<string, unknown> | undefined): Plan {
  const plan = eksPlan({ minNodes: 2 });
  addWorkload(plan, "web", { replicas: 6, cpu: "3", memory: "1Gi" });
  if (autoscaler) plan.add("quorum:addons:ClusterAutoscaler", "autoscaler", autoscaler);
  return plan;
}

describe("the autoscaler in the proof of capacity", () => {
  it("helps where it would act, and the claim says so", () => {
    const proof = proofOf(tight({ pools: "all", replicas: 2, spread: "zone" }));
    assert.deepEqual(red(proof), []);
    const claim = (id: string) => proof.claims.find((one) => one.id === id)?.sets.single;
    assert.equal(claim("capacity")?.verdict, "proven");
    assert.deepEqual(claim("capacity")?.notes, ["with machines that the autoscaler adds"]);
    assert.equal(claim("capacity-unaided")?.verdict, "refuted");
  });

  for (const [why, facts] of [
    ["there is none", undefined],
    ["all its replicas may be lost", { pools: "all", replicas: 2, spread: "none" }],
    ["it has one replica", { pools: "all", replicas: 1, spread: "zone" }],
    ["it leaves the pool alone", { pools: ["other"], replicas: 2, spread: "zone" }],
  ] as const) {
    it(`does not help where ${why}`, () => {
      assert.deepEqual(red(proofOf(tight(facts))), ["capacity"]);
    });
  }

  it("stops acting when too many machines are lost", () => {
    const model = modelOf(graphOf(eksPlan({ perZone: 4 }).preview()));
    const inner = closures(model);
    const autoscaler: Autoscaler = {
      pools: "all",
      replicas: 3,
      spread: "zone",
      maxUnreadyPercent: 45,
      unreadyCountAllowed: 3,
    };
    const losing = (...lost: string[]) => new Survivors(model, inner, lostDomains(model, lost));
    assert.equal(acts(autoscaler, model, losing("eu-west-1a")), true);
    assert.equal(acts(autoscaler, model, losing("eu-west-1a", "eu-west-1b")), false);
  });
});
