import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { healLab } from "../../lab/faults/heal.ts";
import { Interruption } from "../../lab/faults/interruption.ts";
import { RestartDelays } from "../../lab/faults/restartDelays.ts";
import { Lab } from "../../lab/machines.ts";
import type { LabCluster, OwnLab } from "../../lab/ownLab.ts";
import { labDir } from "../../lab/paths.ts";
import { ensureProber } from "../../lab/prober.ts";
import { type FailoverRun, failovers, judged, measureFailover } from "./failovers.ts";
import { measureNodeLosses, type NodeLossRun, nodeLossName } from "./nodeLosses.ts";
import { measurePlanned, type PlannedRun, plannedWork, undoPlanned } from "./planned.ts";
import { type BenchmarkRecord, coldName } from "./record.ts";
import { reportText } from "./report.ts";
import { untilCounted } from "./voids.ts";

/** Of everything that can be measured. */
export const measurementNames: readonly string[] = [
  coldName,
  ...[...plannedWork, ...failovers].map(({ name }) => name),
  nodeLossName,
];

/** Void runs of one failover, and of one planned work. */
const mostVoidRuns = 10;
const mostVoidPlanned = 3;

export interface SeriesPlan {
  /** Names of what is measured. */
  names: readonly string[];
  seeds: readonly number[];
  coldStarts: number;
}

/** All measurements of a plan that the record does not have yet, in a lab of their own. */
export class BenchmarkSeries {
  readonly #lab: OwnLab;
  readonly #record: BenchmarkRecord;
  readonly #plan: SeriesPlan;

  constructor(lab: OwnLab, record: BenchmarkRecord, plan: SeriesPlan) {
    this.#lab = lab;
    this.#record = record;
    this.#plan = plan;
  }

  /** Errors: the lab does not come up. */
  async run(): Promise<void> {
    for (const file of this.#record.unjudgedHistories())
      this.#record.add({ kind: "judged", judged: await judged(await ensureProber(), file) });
    this.#write();
    await this.#healLeftovers();
    await this.#coldStarts();
    if (this.#isComplete()) return;
    const cluster = await this.#lab.cluster();
    await this.#planned(cluster);
    await this.#failovers(cluster);
    await this.#nodeLosses(cluster);
  }

  #wants(name: string): boolean {
    return this.#plan.names.includes(name);
  }

  #missingSeeds(name: string): number[] {
    return this.#wants(name) ? this.#record.missingSeeds(name, this.#plan.seeds) : [];
  }

  #missingWork() {
    return plannedWork.filter(({ name }) => this.#wants(name) && !this.#record.hasPlanned(name));
  }

  #isComplete(): boolean {
    const seeded = [...failovers.map(({ name }) => name), nodeLossName];
    return (
      this.#missingWork().length === 0 &&
      seeded.every((name) => this.#missingSeeds(name).length === 0)
    );
  }

  /** What a series that was killed left in the lab. */
  async #healLeftovers(): Promise<void> {
    const { name } = this.#lab;
    if (!existsSync(join(labDir(name), "lab.json"))) return;
    const lab = Lab.open(name);
    await healLab(lab);
    await undoPlanned(lab);
  }

  async #coldStarts(): Promise<void> {
    const missing = this.#wants(coldName) ? this.#plan.coldStarts - this.#record.coldStarts() : 0;
    for (let run = 0; run < missing; run++) {
      await this.#lab.down();
      const loadAverage = loadavg()[0] ?? 0;
      const start = Date.now();
      await this.#lab.cluster();
      const seconds = (Date.now() - start) / 1000;
      this.#record.add({ kind: "cold", cold: { seconds, loadAverage } });
      console.log(`cold to all nodes Ready: ${seconds.toFixed(0)} s`);
      this.#write();
    }
  }

  /** A signal waits until the work that is under way is measured. */
  async #planned(cluster: LabCluster): Promise<void> {
    for (const work of this.#missingWork()) {
      const interruption = new Interruption();
      try {
        await untilCounted({ left: mostVoidPlanned }, async () => {
          const run = await measurePlanned(cluster, work);
          this.#record.add({ kind: "planned", run });
          console.log(plannedLine(run));
          this.#write();
          return run;
        });
      } finally {
        interruption.end();
      }
    }
  }

  async #failovers(cluster: LabCluster): Promise<void> {
    const delays = new RestartDelays(cluster);
    for (const failover of failovers) {
      const seeds = this.#missingSeeds(failover.name);
      if (seeds.length === 0) continue;
      await measureFailover(cluster, failover, {
        seeds,
        voids: { left: mostVoidRuns },
        prepare: () => delays.clear(),
        onRun: (run) => {
          this.#record.add({ kind: "failover", failover: failover.name, run });
          console.log(failoverLine(failover.name, run));
          this.#write();
        },
        onJudged: (one) => {
          this.#record.add({ kind: "judged", judged: one });
          if (one.problem !== "") console.log(`${failover.name}: ${one.problem}`);
          this.#write();
        },
      });
    }
  }

  async #nodeLosses(cluster: LabCluster): Promise<void> {
    const seeds = this.#missingSeeds(nodeLossName);
    if (seeds.length === 0) return;
    await measureNodeLosses(cluster, seeds, { left: mostVoidRuns }, (run) => {
      this.#record.add({ kind: "node loss", run });
      console.log(nodeLossLine(run));
      this.#write();
    });
  }

  #write(): void {
    if (this.#record.isEmpty()) return;
    const date = new Date().toISOString().slice(0, 10);
    const results = this.#record.results();
    const file = resultFile(join(this.#lab.projectDir, "docs/results"), date, results.commit);
    writeFileSync(file, reportText(results, date));
  }
}

/** One file a day and commit: results of another commit are not written over. */
function resultFile(dir: string, date: string, commit: string): string {
  mkdirSync(dir, { recursive: true });
  const short = commit.slice(0, 12);
  const file = join(dir, `${date}-lab-benchmarks.md`);
  const isOurs = !existsSync(file) || readFileSync(file, "utf8").includes(`\nCommit ${short},`);
  return isOurs ? file : join(dir, `${date}-lab-benchmarks-${short}.md`);
}

function plannedLine({ name, gaps, verdict, problem }: PlannedRun): string {
  const failed = gaps.map((gap) => `${gap.op} ${gap.connection} ${gap.failed}`).join(", ");
  return `${name}: ${problem === "" ? `failed ${failed} ${verdict}` : `void, ${problem}`}`;
}

function failoverLine(name: string, run: FailoverRun): string {
  const { gapMs, problem, loadAverage, seconds } = run;
  const shown = gapMs === undefined ? `void, ${problem}` : JSON.stringify(gapMs);
  return `${name}, seed ${run.seed}: ${shown} load ${loadAverage.toFixed(1)}, ${seconds.toFixed(0)} s`;
}

function nodeLossLine(run: NodeLossRun): string {
  const { seed, node, noticedSeconds, replacedSeconds, problem, loadAverage } = run;
  const times = `noticed ${noticedSeconds.toFixed(1)} s, replaced ${replacedSeconds.toFixed(1)} s`;
  return `${nodeLossName}, seed ${seed}, ${node}: ${problem || times} load ${loadAverage.toFixed(1)}`;
}
