import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FaultCluster } from "../../lab/faults/fault.ts";
import { runUntilJudged } from "../../lab/faults/runFault.ts";
import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import { type Prediction, pairPredictions, singlePredictions } from "../../proof/predictions.ts";
import { realPreview } from "../support/realPreview.ts";
import { comparison, predictedFault } from "./support/predictedFaults.ts";
import { testLab } from "./support/testLab.ts";

const full = process.env.QUORUM_LAB_FULL === "1";
/** Draws the pairs; the same seed repeats a run. */
const seed = Number(process.env.QUORUM_SEED ?? "1");
const pairs = 12;

testLab.planned();
const model = modelOf(graphOf(await realPreview(testLab.name)));

/** All single failures and a sample of pairs; the quick suite takes a zone and a lost pair. */
function chosen(): Prediction[] {
  const singles = singlePredictions(model);
  const drawn = pairPredictions(model, seed, pairs);
  if (full) return [...singles, ...drawn];
  return [...singles.slice(0, 1), ...drawn.slice(0, 1)];
}

describe(`predictions of the proof, held against machines (seed ${seed})`, function () {
  this.timeout(1_800_000);
  const lines: string[] = [];
  let cluster: FaultCluster;

  before(async () => {
    cluster = await testLab.cluster();
  });

  after(() => {
    if (!full) return;
    const folder = join(testLab.projectDir, "docs/results");
    mkdirSync(folder, { recursive: true });
    const text = [
      `# Predictions and what happened, ${new Date().toISOString().slice(0, 10)}`,
      "",
      `Made by \`QUORUM_SEED=${seed} make lab-test-full\`. A row passes when a write was acknowledged within`,
      "60 s and full health returned within 300 s (survived), or none was for 60 s (lost).",
      "",
      "| failure | predicted | observed | proof that it happened | verdict |",
      "|---|---|---|---|---|",
      ...lines,
      "",
    ];
    writeFileSync(join(folder, "predictions.md"), text.join("\n"));
  });

  for (const prediction of chosen()) {
    const fault = predictedFault(prediction);
    it(`${fault.name}: writes are ${prediction.writes}, as predicted`, async () => {
      const result = await runUntilJudged(cluster, fault, { seed });
      lines.push(comparison(prediction, result));
      assert.equal(result.verdict, "pass", lines.at(-1));
    });
  }
});
