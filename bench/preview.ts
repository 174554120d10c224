/**
 * How long a preview takes, and how much memory: `make bench`.
 * Options: --runs <n> (10), --growth <counts> (100,300,1000,3000,10000), --stack <name> (prod), --json,
 * --pools <counts> (none; e.g. 3,30,300: worker pools of platform ec2).
 * A cold run starts with an empty compile cache; the file cache of the system is left as it is.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { poolsProject } from "./poolsProject.ts";

const root = path.join(import.meta.dirname, "..");
const programs = path.join(root, "tests", "engine", "programs");
const pollMilliseconds = 25;
const bytesPerMebibyte = 1024 * 1024;
/** USER_HZ of every Linux that Node runs on. */
const ticksPerSecond = 100;

interface Run {
  seconds: number;
  /** Peak resident memory of the largest process. */
  peakMiB: number;
  /** Processor time of all processes; on a busy machine it says more than the clock. */
  cpuSeconds: number;
}

/** What was last seen of one process. */
interface Sample {
  peakBytes: number;
  cpuSeconds: number;
}

interface Case {
  name: string;
  folder: string;
  stack: string;
  env: NodeJS.ProcessEnv;
}

/** Runs one preview to its end and watches all processes that it starts. */
async function preview(subject: Case, cacheFolder: string): Promise<Run> {
  const started = performance.now();
  const child = spawn(
    path.join(root, "bin", "quorum"),
    ["preview", "--engine", "embedded", "--fresh", "--stack", subject.stack, "-C", subject.folder],
    {
      env: { ...process.env, ...subject.env, NODE_COMPILE_CACHE: cacheFolder },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const samples = new Map<number, Sample>();
  const watch = setInterval(() => sample(child.pid ?? 0, samples), pollMilliseconds);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${subject.name}: the preview ended with exit code ${code}`);
  const seconds = (performance.now() - started) / 1000;
  const seen = [...samples.values()];
  return {
    seconds,
    peakMiB: Math.max(0, ...seen.map(({ peakBytes }) => peakBytes)) / bytesPerMebibyte,
    cpuSeconds: seen.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  };
}

/** Notes a process and its descendants. The kernel keeps the high-water marks, so polling loses little. */
function sample(pid: number, samples: Map<number, Sample>): void {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const kibibytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
    samples.set(pid, {
      peakBytes: Math.max(kibibytes * 1024, samples.get(pid)?.peakBytes ?? 0),
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    });
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    for (const child of children.trim().split(" ")) {
      if (child !== "") sample(Number(child), samples);
    }
  } catch {
    // It ended between two looks.
  }
}

async function repeat(subject: Case, runs: number, cold: boolean): Promise<Run[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "quorum-bench-"));
  try {
    if (!cold) await preview(subject, folder);
    const results: Run[] = [];
    for (let run = 0; run < runs; run++) {
      if (cold) rmSync(folder, { recursive: true, force: true });
      results.push(await preview(subject, folder));
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function summary(name: string, runs: readonly Run[]) {
  const seconds = runs.map((run) => run.seconds);
  return {
    name,
    p50Seconds: percentile(seconds, 0.5),
    p95Seconds: percentile(seconds, 0.95),
    maxSeconds: Math.max(...seconds),
    peakMiB: Math.max(...runs.map((run) => run.peakMiB)),
    cpuSeconds: percentile(
      runs.map((run) => run.cpuSeconds),
      0.5,
    ),
  };
}

/** Slope of a least-squares line through the logarithms. */
function logLogSlope(points: readonly { count: number; seconds: number }[]): number {
  const xs = points.map(({ count }) => Math.log(count));
  const ys = points.map(({ seconds }) => Math.log(seconds));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  const above = xs.reduce((sum, x, index) => sum + (x - meanX) * ((ys[index] ?? 0) - meanY), 0);
  const below = xs.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
  return above / below;
}

/** One preview for each count, after one to warm up. */
async function growth(
  counts: readonly number[],
  floorSeconds: number,
  subject: (count: number) => Case,
) {
  const folder = mkdtempSync(path.join(tmpdir(), "quorum-bench-"));
  try {
    await preview(subject(counts[0] ?? 100), folder);
    const points: (Run & { count: number; msEach: number })[] = [];
    for (const count of counts) {
      const run = await preview(subject(count), folder);
      const msEach = ((run.seconds - floorSeconds) * 1000) / count;
      points.push({ ...run, count, msEach });
    }
    const aboveFloor = points.map(({ count, seconds }) => ({
      count,
      seconds: Math.max(seconds - floorSeconds, 0.001),
    }));
    return { points, slope: logLogSlope(points), slopeAboveFloor: logLogSlope(aboveFloor) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "10" },
    growth: { type: "string", default: "100,300,1000,3000,10000" },
    stack: { type: "string", default: "prod" },
    pools: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});
const runs = Number(options.runs);
const cases: Case[] = [
  { name: "floor (empty program)", folder: path.join(programs, "empty"), stack: "test", env: {} },
  { name: options.stack, folder: root, stack: options.stack, env: {} },
];
const rows: ReturnType<typeof summary>[] = [];
for (const subject of cases) {
  for (const cold of [true, false]) {
    const name = `${subject.name}, ${cold ? "cold" : "warm"}`;
    rows.push(summary(name, await repeat(subject, runs, cold)));
  }
}
const floorWarm = rows[1]?.p50Seconds ?? 0;
const numbers = (list: string) =>
  list
    .split(",")
    .filter((count) => count !== "")
    .map(Number);
const counts = numbers(options.growth);
const grown =
  counts.length === 0
    ? undefined
    : await growth(counts, floorWarm, (count) => ({
        name: `growth ${count}`,
        folder: path.join(programs, "growth"),
        stack: "test",
        env: { GROWTH_COUNT: String(count) },
      }));
const poolsGrown = await poolGrowth(numbers(options.pools), floorWarm);
const machine = { cores: availableParallelism(), loadAverage: loadavg()[0], node: process.version };

if (options.json) {
  console.log(JSON.stringify({ machine, runs, rows, growth: grown, pools: poolsGrown }, null, 2));
} else {
  console.log(
    `${machine.cores} cores, load ${machine.loadAverage?.toFixed(1)}, Node ${machine.node}`,
  );
  console.table(
    Object.fromEntries(
      rows.map((row, index) => [
        row.name,
        {
          "p50 s": row.p50Seconds.toFixed(2),
          "p95 s": row.p95Seconds.toFixed(2),
          "max s": row.maxSeconds.toFixed(2),
          "peak MiB": row.peakMiB.toFixed(0),
          "cpu s": row.cpuSeconds.toFixed(2),
          "x floor": (row.p50Seconds / (rows[index % 2]?.p50Seconds ?? Number.NaN)).toFixed(2),
        },
      ]),
    ),
  );
  printGrowth("resources", grown);
  printGrowth("worker pools", poolsGrown);
}

async function poolGrowth(poolCounts: readonly number[], floorSeconds: number) {
  if (poolCounts.length === 0) return undefined;
  const folder = poolsProject(root, poolCounts);
  try {
    return await growth(poolCounts, floorSeconds, (count) => ({
      name: `${count} worker pools`,
      folder,
      stack: `pools-${count}`,
      env: {},
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function printGrowth(what: string, found: Awaited<ReturnType<typeof growth>> | undefined): void {
  if (found === undefined) return;
  console.table(
    Object.fromEntries(
      found.points.map(({ count, seconds, peakMiB, cpuSeconds, msEach }) => [
        `${count} ${what}`,
        {
          s: seconds.toFixed(2),
          "peak MiB": peakMiB.toFixed(0),
          "cpu s": cpuSeconds.toFixed(2),
          "ms each above floor": msEach.toFixed(2),
        },
      ]),
    ),
  );
  const { slope, slopeAboveFloor } = found;
  console.log(`log-log slope ${slope.toFixed(2)}, above the floor ${slopeAboveFloor.toFixed(2)}`);
}
