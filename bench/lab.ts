import { join } from "node:path";
import { Command } from "commander";
import { measuredCommit } from "../lab/measuredCommit.ts";
import { OwnLab } from "../lab/ownLab.ts";
import { BenchmarkRecord } from "./lab/record.ts";
import { BenchmarkSeries, measurementNames } from "./lab/series.ts";

/**
 * Lab benchmarks, on a lab of their own. They want the computer to themselves: the load average
 * stands beside every figure. Every run is written down as it comes, by commit: the same command carries on
 * after a stop, and all series of a commit make one table.
 */
interface Options {
  runs: string;
  cold: string;
  seed: string;
  only?: string[];
  fresh?: true;
  keep?: true;
}

const options = new Command("bench-lab")
  .option("--runs <count>", "runs of each failover and of the loss of a node", "30")
  .option("--cold <count>", "cold starts", "3")
  .option("--seed <number>", "first seed; each run has the next", "1")
  .option("--only <text...>", "only measurements whose name contains one of these")
  .option("--fresh", "measure again what was measured before at this commit")
  .option("--keep", "leave the lab up")
  .addHelpText("after", `\nMeasurements:\n${measurementNames.map((one) => `  ${one}`).join("\n")}`)
  .parse()
  .opts<Options>();

const { only } = options;
const idle = only?.filter((text) => !measurementNames.some((name) => name.includes(text))) ?? [];
if (idle.length > 0) {
  console.error(
    `no measurement is named like ${idle.map((one) => `"${one}"`).join(", ")}; see --help`,
  );
  process.exit(2);
}
const names = measurementNames.filter((name) => only?.some((text) => name.includes(text)) ?? true);

const lab = new OwnLab("benchlab", 78);
const file = join(lab.dir, "benchmarks.jsonl");
const record = new BenchmarkRecord(file, measuredCommit(lab.projectDir));
if (options.fresh) record.add({ kind: "forgotten", names });
const series = new BenchmarkSeries(lab, record, {
  names,
  seeds: Array.from({ length: Number(options.runs) }, (_, i) => Number(options.seed) + i),
  coldStarts: Number(options.cold),
});
try {
  await series.run();
} finally {
  if (options.keep === undefined) await lab.down();
}
