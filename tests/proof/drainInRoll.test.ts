import assert from "node:assert/strict";
import type { SetResult } from "../../proof/results.ts";
import {
  addBudget,
  addStorageClass,
  addWorkload,
  eksPlan,
  hostsPlan,
  type Plan,
} from "../support/plannedGraph.ts";
import { proofOf, red } from "../support/proveChanged.ts";

function drains(plan: Plan): { atRest: SetResult; inRoll: SetResult } {
  const { single, roll } = proofOf(plan).claims.find(({ id }) => id === "drain")?.sets ?? {};
  assert.ok(single && roll);
  return { atRest: single, inRoll: roll };
}

/** A database of three members, each on a volume that stays in its zone. */
function database(maxUnavailable: number): Plan {
  const plan = eksPlan();
  addStorageClass(plan, "gp3", "ebs.csi.aws.com");
  addWorkload(plan, "db", { kind: "StatefulSet", storageClassName: "gp3" });
  addBudget(plan, "db", { maxUnavailable });
  return plan;
}

describe("a drain after something else has failed", () => {
  it("finishes where evicted pods find a place in other zones", () => {
    const plan = eksPlan();
    addWorkload(plan, "web");
    addBudget(plan, "web", { maxUnavailable: 1 });
    const { atRest, inRoll } = drains(plan);
    assert.equal(atRest.verdict, "proven");
    assert.equal(inRoll.verdict, "proven");
    assert.ok(inRoll.failures > 10, "asked for every failure and machine");
  });

  it("never ends while a replica waits for its zone and the budget needs it", () => {
    const plan = database(1);
    const { atRest, inRoll } = drains(plan);
    assert.equal(atRest.verdict, "proven");
    assert.equal(inRoll.verdict, "refuted");
    assert.equal(
      inRoll.counterExamples[0]?.sentence,
      "losing eu-west-1a while machine general-b#1 is rolled: 1 replica of shop/db waits for what was lost, and until then budget shop/db allows no eviction",
    );
    assert.ok(!red(proofOf(plan)).includes("drain"), "reported, not required");
  });

  it("finishes where the budget can spare the replica that waits", () => {
    assert.equal(drains(database(2)).inRoll.verdict, "proven");
  });

  it("never ends when the failure took a replica on a disk of its machine", () => {
    const plan = hostsPlan();
    addStorageClass(plan, "local", "kubernetes.io/no-provisioner");
    addWorkload(plan, "db", { kind: "StatefulSet", storageClassName: "local", cpu: "100m" });
    addBudget(plan, "db", { maxUnavailable: 1 });
    const { inRoll } = drains(plan);
    assert.equal(inRoll.verdict, "refuted");
    assert.match(
      inRoll.counterExamples[0]?.sentence ?? "",
      /^losing machine worker-\d while machine worker-\d is rolled: 1 replica of shop\/db waits/,
    );
  });

  it("is unknown where no place was found for evicted pods, and says which", () => {
    const plan = eksPlan({ perZone: 1, minNodes: 2 });
    addWorkload(plan, "web", { replicas: 6, cpu: "1500m", memory: "1Gi" });
    addBudget(plan, "web", { maxUnavailable: 1 });
    const { inRoll } = drains(plan);
    assert.equal(inRoll.verdict, "unknown");
    assert.match(
      inRoll.unknown[0]?.why ?? "",
      /no place was found for \d evicted replicas? of shop\/web/,
    );
  });

  it("is not hindered by machines on which no pod of the budget stands", () => {
    const plan = database(1);
    const { inRoll } = drains(plan);
    assert.ok(inRoll.held > 0 && inRoll.held < inRoll.failures);
    for (const { sentence } of inRoll.counterExamples) assert.match(sentence, /budget shop\/db/);
  });
});
