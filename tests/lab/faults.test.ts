import assert from "node:assert/strict";
import { join } from "node:path";
import { catalogue, quickSelection } from "../../lab/faults/catalogue.ts";
import type { Fault, FaultCluster } from "../../lab/faults/fault.ts";
import { FaultResults } from "../../lab/faults/results.ts";
import { runUntilJudged } from "../../lab/faults/runFault.ts";
import { testLab } from "./support/testLab.ts";

const full = process.env.QUORUM_LAB_FULL === "1";
/** Chooses targets and the client's order of work; the same seed repeats a run. */
const seed = Number(process.env.QUORUM_SEED ?? "1");

function chosenFaults(): Fault[] {
  const lab = testLab.planned();
  return full ? catalogue(lab) : quickSelection(lab, seed);
}

describe(`faults under load (seed ${seed})`, function () {
  this.timeout(1_800_000);
  const results = new FaultResults(join(testLab.dir, "faults.jsonl"));
  let cluster: FaultCluster;

  before(async () => {
    cluster = await testLab.cluster();
  });
  after(() => {
    if (full) results.write(join(testLab.projectDir, "docs/results"));
  });

  for (const fault of chosenFaults()) {
    it(`${fault.name}: no acknowledged write lost, and back to full health by itself`, async function () {
      if (full && results.hasPassed(fault.name, seed)) this.skip();
      const result = await runUntilJudged(cluster, fault, { seed }, (run) => results.add(run));
      assert.equal(
        result.verdict,
        "pass",
        `${result.reasons.join("; ")}; history: ${result.historyFile}`,
      );
    });
  }
});
