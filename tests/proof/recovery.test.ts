import assert from "node:assert/strict";
import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import { prove, UnknownDomainError } from "../../proof/prove.ts";
import { conclusion, exitCode } from "../../proof/report/report.ts";
import { table } from "../../proof/report/table.ts";
import { hostsPlan } from "../support/plannedGraph.ts";
import { counterExample, red } from "../support/proveChanged.ts";

const model = modelOf(graphOf(hostsPlan().preview()));

describe("prove, with something lost already", () => {
  it("says that the cluster still stands, and what the next loss would take", () => {
    const proof = prove(model, { lost: ["etcd-1"] });
    assert.equal(proof.now["etcd-quorum"]?.verdict, "proven");
    assert.deepEqual(red(proof), ["etcd-quorum"]);
    assert.equal(
      counterExample(proof, "etcd-quorum"),
      "losing machine etcd-2 takes etcd-1 and etcd-2: 1 of 3 voters left, 2 needed",
    );
  });

  it("says what does not hold any more", () => {
    const proof = prove(model, { lost: ["etcd-1", "etcd-2"] });
    assert.equal(proof.now["etcd-quorum"]?.verdict, "refuted");
    assert.equal(proof.now["api-path"]?.verdict, "proven");
  });

  it("leaves what is lost out of what can still be lost", () => {
    const proof = prove(model, { lost: ["zone b"] });
    const names = proof.failures.map(({ name }) => name);
    assert.ok(!names.includes("b"));
    assert.ok(!names.includes("etcd-2"));
    assert.ok(names.includes("etcd-1"));
  });

  it("blocks no repair, whatever is left", () => {
    const proof = prove(model, { lost: ["zone a", "zone b"] });
    const report = { stack: "lab", model, proof, findings: [] };
    assert.equal(conclusion(report), "recovery");
    assert.equal(exitCode(report), 0);
    assert.match(table(report), /With zone a, zone b lost:/);
    assert.match(table(report), /etcd-quorum: 1 of 3 voters left, 2 needed/);
  });

  it("rejects a name that the plan does not have", () => {
    assert.throws(() => prove(model, { lost: ["etcd-9"] }), UnknownDomainError);
  });
});
