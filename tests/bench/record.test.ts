import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FailoverRun } from "../../bench/lab/failovers.ts";
import { BenchmarkRecord, type Entry } from "../../bench/lab/record.ts";
import { reportText } from "../../bench/lab/report.ts";
import { untilCounted } from "../../bench/lab/voids.ts";

const name = "etcd leader killed";
const seeds = [1, 2, 3];

function run(seed: number, other: Partial<FailoverRun> = {}): Entry {
  return {
    kind: "failover",
    failover: name,
    run: {
      seed,
      fault: "etcd-leader-kill",
      proof: "etcd (1) is gone",
      gapMs: { new: 1000 * seed, reused: 900 },
      rateBefore: 89,
      loadAverage: 1,
      seconds: 15,
      historyFile: "/h/1.jsonl",
      problem: "",
      ...other,
    },
  };
}

const voidRun = (seed: number) =>
  run(seed, { gapMs: undefined, problem: "not healthy\nafter 240 s" });

describe("the record of a benchmark", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-test-"));
    file = join(folder, "lab", "benchmarks.jsonl");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = (commit = "c1") => new BenchmarkRecord(file, commit);
  const text = (record: BenchmarkRecord) => reportText(record.results(), "2026-11-24");

  it("goes on where a series stopped: a seed is missing until a run of it counts", () => {
    const first = open();
    first.add(run(1));
    first.add(voidRun(2));
    assert.deepEqual(open().missingSeeds(name, seeds), [2, 3]);
    open().add(run(2));
    assert.deepEqual(open().missingSeeds(name, seeds), [3]);
    assert.deepEqual(open().missingSeeds("HAProxy killed", seeds), seeds);
  });

  it("survives a kill in the middle of a line", () => {
    open().add(run(1));
    appendFileSync(file, '{"kind":"failover","com');
    open().add(run(2));
    assert.deepEqual(open().missingSeeds(name, seeds), [3]);
  });

  it("makes one table of several series, with void runs named and not counted", () => {
    open().add({ kind: "cold", cold: { seconds: 101, loadAverage: 0.4 } });
    open().add(run(1));
    open().add(voidRun(2));
    open().add(run(2));
    open().add({
      kind: "failover",
      failover: "HAProxy killed",
      run: (run(7, { historyFile: "/h/2.jsonl" }) as Extract<Entry, { kind: "failover" }>).run,
    });
    const report = text(open());
    assert.match(report, /1 runs: 101 s \(load 0\.4\)/);
    assert.match(
      report,
      /etcd leader killed \| 2\.5 \| 2 of 3 \| new \| 1\.00 \| 2\.00 \| 2\.00 \|/,
    );
    assert.match(report, /HAProxy killed \| 3 \| 1 \| new \| 7\.00/);
    assert.match(report, /a run of seed 2 is void: not healthy after 240 s/);
  });

  it("publishes no folder of the computer, but the address of an API", () => {
    const problem = "/tmp/x/prober of /var/h/1.jsonl failed: https://10.0.0.1:6443/api/v1/nodes";
    open().add(run(2, { gapMs: undefined, problem }));
    assert.match(
      text(open()),
      /is void: prober of 1\.jsonl failed: https:\/\/10\.0\.0\.1:6443\/api\/v1\/nodes/,
    );
  });

  it("keeps commits apart", () => {
    open("c1").add(run(1));
    assert.deepEqual(open("c2").missingSeeds(name, seeds), seeds);
    assert.equal(open("c2").isEmpty(), true);
    assert.deepEqual(open("c1").missingSeeds(name, seeds), [2, 3]);
  });

  it("measures again only what it is told to forget", () => {
    open().add(run(1));
    open().add({ kind: "cold", cold: { seconds: 101, loadAverage: 0.4 } });
    open().add({ kind: "forgotten", names: [name] });
    assert.deepEqual(open().missingSeeds(name, seeds), seeds);
    assert.equal(open().coldStarts(), 1);
    open().add(run(3));
    assert.deepEqual(open().missingSeeds(name, seeds), [1, 2]);
  });

  it("says which histories nobody judged, and what the checker found in the others", () => {
    open().add(run(1));
    open().add(run(2));
    assert.deepEqual(open().unjudgedHistories(), ["/h/1.jsonl"]);
    assert.match(text(open()), /seeds 1 to 2: the history is not judged yet/);
    const problem = "fail: 1 acknowledged writes lost";
    open().add({ kind: "judged", judged: { historyFile: "/h/1.jsonl", problem } });
    assert.deepEqual(open().unjudgedHistories(), []);
    assert.match(text(open()), /seeds 1 to 2: fail: 1 acknowledged writes lost/);
  });

  it("counts planned work that fell short, and not what was void", () => {
    const planned = (problem: string): Entry => ({
      kind: "planned",
      run: { name: "reload of both HAProxies", gaps: [], loadAverage: 1, verdict: "", problem },
    });
    open().add(planned("50 requests a second: not so after 60 s"));
    assert.equal(open().hasPlanned("reload of both HAProxies"), false);
    assert.match(text(open()), /void: 50 requests a second: not so after 60 s/);
    open().add(planned(""));
    assert.equal(open().hasPlanned("reload of both HAProxies"), true);
  });
});

describe("runs that are void", () => {
  const measuring = (...problems: string[]) => {
    let runs = 0;
    return {
      measure: async () => ({ problem: problems[runs++] ?? "" }),
      count: () => runs,
    };
  };

  it("are repeated until one counts", async () => {
    const { measure, count } = measuring("too slow", "too slow", "");
    assert.equal(await untilCounted({ left: 3 }, measure), true);
    assert.equal(count(), 3);
  });

  it("end the measurement when the whole series has had too many", async () => {
    const voids = { left: 3 };
    assert.equal(await untilCounted(voids, measuring("too slow", "").measure), true);
    const { measure, count } = measuring("too slow", "too slow", "too slow");
    assert.equal(await untilCounted(voids, measure), false);
    assert.equal(count(), 2);
    assert.equal(await untilCounted(voids, measure), false);
    assert.equal(count(), 2);
  });
});
