import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { OwnLab } from "../lab/ownLab.ts";
import { failovers, measureFailover } from "./lab/failovers.ts";
import { measureNodeLosses, nodeLossName } from "./lab/nodeLosses.ts";
import { measurePlanned, plannedWork } from "./lab/planned.ts";
import { type Results, reportText } from "./lab/report.ts";

/**
 * Lab benchmarks, on a lab of their own. They want the computer to themselves: the load average
 * stands beside every figure. An interrupted series is written down as far as it came.
 */
interface Options {
  runs: string;
  cold: string;
  seed: string;
  only?: string;
  keep?: true;
}

const options = new Command("bench-lab")
  .option("--runs <count>", "runs of each failover and of the loss of a node", "30")
  .option("--cold <count>", "cold starts", "3")
  .option("--seed <number>", "first seed; each run has the next", "1")
  .option("--only <text>", "only measurements whose name contains this")
  .option("--keep", "leave the lab up")
  .parse()
  .opts<Options>();

const lab = new OwnLab("benchlab", 78);
const wanted = (name: string) => options.only === undefined || name.includes(options.only);
const results: Results = {
  commit: execFileSync("git", ["rev-parse", "HEAD"], { cwd: lab.projectDir, encoding: "utf8" }),
  coldSeconds: [],
  failovers: [],
  planned: [],
  nodeLosses: [],
};

function write(): void {
  const date = new Date().toISOString().slice(0, 10);
  const dir = join(lab.projectDir, "docs/results");
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${date}-lab-benchmarks.md`), reportText(results, date));
}

async function cold(): Promise<void> {
  for (let run = 0; run < Number(options.cold) && wanted("cold"); run++) {
    await lab.down();
    const start = Date.now();
    await lab.cluster();
    results.coldSeconds.push((Date.now() - start) / 1000);
    console.log(`cold to all nodes Ready: ${results.coldSeconds.at(-1)?.toFixed(0)} s`);
    write();
  }
}

async function all(): Promise<void> {
  await cold();
  const cluster = await lab.cluster();
  for (const work of plannedWork.filter(({ name }) => wanted(name))) {
    const run = await measurePlanned(cluster, work);
    results.planned.push({ work, run });
    const failed = run.gaps.map((gap) => `${gap.op} ${gap.connection} ${gap.failed}`).join(", ");
    console.log(`${work.name}: failed ${failed} ${run.verdict}`);
    write();
  }
  const seeds = Array.from({ length: Number(options.runs) }, (_, i) => Number(options.seed) + i);
  for (const failover of failovers.filter(({ name }) => wanted(name))) {
    const entry: Results["failovers"][number] = { failover, runs: [], problems: [] };
    results.failovers.push(entry);
    const problem = await measureFailover(cluster, failover, seeds, (run) => {
      entry.runs.push(run);
      if (run.problem !== "") entry.problems.push(`seed ${run.seed} is void: ${run.problem}`);
      const gaps = run.gapMs === undefined ? "void" : JSON.stringify(run.gapMs);
      console.log(`${failover.name}, seed ${run.seed}: ${gaps} load ${run.loadAverage.toFixed(1)}`);
    });
    if (problem !== "") entry.problems.push(problem);
    write();
  }
  if (wanted(nodeLossName))
    await measureNodeLosses(cluster, seeds, (run) => {
      results.nodeLosses.push(run);
      const { seed, node, noticedSeconds, replacedSeconds, problem, loadAverage } = run;
      const times = `noticed ${noticedSeconds.toFixed(1)} s, replaced ${replacedSeconds.toFixed(1)} s`;
      console.log(
        `${nodeLossName}, seed ${seed}, ${node}: ${problem || times} load ${loadAverage.toFixed(1)}`,
      );
      write();
    });
}

try {
  await all();
} finally {
  if (options.keep === undefined) await lab.down();
}
