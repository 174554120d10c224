import assert from "node:assert/strict";
import type { NodeLossRun } from "../../bench/lab/nodeLosses.ts";
import { reportText } from "../../bench/lab/report.ts";

const run = (replacedSeconds: number, problem = ""): NodeLossRun => ({
  seed: 1,
  node: "worker-a",
  noticedSeconds: 57,
  replacedSeconds,
  loadAverage: 1,
  problem,
});
const report = (...nodeLosses: NodeLossRun[]) =>
  reportText(
    { commit: "0123456789abcdef", colds: [], failovers: [], planned: [], nodeLosses },
    "2026-11-24",
  );

describe("report of lost nodes", () => {
  it("gives percentiles with their share of the goal and of Kubernetes' default", () => {
    const text = report(run(68), run(72), run(85));
    assert.match(text, /\| p50 \| 57\.0 \| 72\.0 \| 0\.80 \| 4\.7x \|/);
    assert.match(text, /\| p95 \| 57\.0 \| 85\.0 \| 0\.94 \| 4\.0x \|/);
    assert.match(text, /90 s, met\./);
  });

  it("says so when the goal is missed by one run in twenty or more", () => {
    assert.match(report(...Array.from({ length: 9 }, () => run(70)), run(91)), /90 s, falls short/);
  });

  it("counts no void run, and says why it is void", () => {
    const text = report(run(70), run(0, "not healthy after 300 s"));
    assert.match(text, /1 of 2 runs count/);
    assert.match(text, /seed 1 is void: not healthy after 300 s/);
  });

  it("leaves out what was not measured", () => {
    assert.doesNotMatch(report(run(70)), /Failovers|Planned work|Cold/);
  });
});
