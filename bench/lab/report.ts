import { cpus } from "node:os";
import type { Failover, FailoverRun } from "./failovers.ts";
import { type NodeLossRun, nodeLossDefaultSeconds, nodeLossGoalSeconds } from "./nodeLosses.ts";
import type { PlannedRun, PlannedWork } from "./planned.ts";
import { percentile } from "./statistics.ts";

/** From nothing to all nodes Ready, toolchain and images cached. */
export interface ColdStart {
  seconds: number;
  /** Before it. */
  loadAverage: number;
}

export interface Results {
  commit: string;
  colds: ColdStart[];
  failovers: { failover: Failover; runs: FailoverRun[]; problems: string[] }[];
  planned: { work: PlannedWork; run: PlannedRun }[];
  nodeLosses: NodeLossRun[];
}

const coldGoalSeconds = 120;

/** The results as a page: figures against goals, and beside each how loaded the computer was. */
export function reportText(results: Results, date: string): string {
  return `${[
    `# Lab benchmarks, ${date}`,
    "",
    `Commit ${results.commit.slice(0, 12)}, ${cpus().length} CPUs for the whole cluster and its clients.`,
    "A gap is the longest time without an acknowledged write, tried every 100 ms with a deadline of 1 s;",
    "its share of that deadline is in every figure. A run counts with proof that the fault fired and at",
    "least 50 requests a second before it.",
    "",
    ...coldSection(results),
    ...failoverSection(results),
    ...plannedSection(results),
    ...nodeLossSection(results),
  ].join("\n")}`;
}

function failoverSection({ failovers }: Results): string[] {
  if (failovers.length === 0) return [];
  return [
    "## Failovers: longest write gap, seconds",
    "",
    "| failure | goal, p95 | runs | connection | p50 | p95 | max | load | |",
    "|---|---|---|---|---|---|---|---|---|",
    ...failovers.flatMap(failoverRows),
    "",
    ...failovers.flatMap(({ failover, problems }) =>
      problems.map((problem) => `- ${failover.name}: ${problem}`),
    ),
    "",
  ];
}

function plannedSection({ planned }: Results): string[] {
  if (planned.length === 0) return [];
  return [
    "## Planned work",
    "",
    "| work | goal | requests | failed: new / reused | failed twice | longest gap, s | load | |",
    "|---|---|---|---|---|---|---|---|",
    ...planned.map(plannedRow),
    "",
  ];
}

/** Ratios stand beside the figures: below 1 of the goal is met, and how much faster than by default. */
function nodeLossSection({ nodeLosses }: Results): string[] {
  if (nodeLosses.length === 0) return [];
  const counted = nodeLosses.filter(({ problem }) => problem === "");
  const row = (share: number) => {
    const noticed = percentile(
      counted.map(({ noticedSeconds }) => noticedSeconds),
      share,
    );
    const replaced = percentile(
      counted.map(({ replacedSeconds }) => replacedSeconds),
      share,
    );
    const cells = [
      `p${share * 100}`,
      noticed.toFixed(1),
      replaced.toFixed(1),
      (replaced / nodeLossGoalSeconds).toFixed(2),
      `${(nodeLossDefaultSeconds / replaced).toFixed(1)}x`,
    ];
    return `| ${cells.join(" | ")} |`;
  };
  const load = percentile(
    counted.map(({ loadAverage }) => loadAverage),
    0.5,
  );
  const met = percentile(
    counted.map(({ replacedSeconds }) => replacedSeconds),
    0.95,
  );
  return [
    "## Node lost: until all replicas are Ready on other nodes, seconds",
    "",
    `${counted.length} of ${nodeLosses.length} runs count; median load ${load.toFixed(1)}. Goal: p95 at most`,
    `${nodeLossGoalSeconds} s, ${met <= nodeLossGoalSeconds ? "met" : "falls short"}. By default Kubernetes takes about ${nodeLossDefaultSeconds} s.`,
    "",
    "| | node unreachable after | replaced after | of the goal | faster than by default |",
    "|---|---|---|---|---|",
    row(0.5),
    row(0.95),
    "",
    ...nodeLosses
      .filter(({ problem }) => problem !== "")
      .map(({ seed, problem }) => `- seed ${seed} is void: ${oneLine(problem)}`),
    "",
  ];
}

function coldSection({ colds }: Results): string[] {
  if (colds.length === 0) return [];
  const worst = Math.max(...colds.map(({ seconds }) => seconds));
  const each = colds.map(
    ({ seconds, loadAverage }) => `${seconds.toFixed(0)} s (load ${loadAverage.toFixed(1)})`,
  );
  return [
    "## Cold to all nodes Ready",
    "",
    `Toolchain and images cached; ${colds.length} runs: ${each.join(", ")}.`,
    `Goal ${coldGoalSeconds} s: ${worst <= coldGoalSeconds ? "met" : "falls short"}.`,
    "",
  ];
}

function failoverRows({ failover, runs }: Results["failovers"][number]): string[] {
  const counted = runs.filter(({ problem }) => problem === "");
  const load = percentile(
    counted.map(({ loadAverage }) => loadAverage),
    0.5,
  );
  return (["new", "reused"] as const).map((connection) => {
    const gaps = counted.map(({ gapMs }) => (gapMs?.[connection] ?? Number.NaN) / 1000);
    const p95 = percentile(gaps, 0.95);
    const cells = [
      failover.name,
      `${failover.goalSeconds}`,
      `${counted.length}${counted.length < runs.length ? ` of ${runs.length}` : ""}`,
      connection,
      ...[percentile(gaps, 0.5), p95, Math.max(...gaps)].map((one) => one.toFixed(2)),
      load.toFixed(1),
      p95 <= failover.goalSeconds ? "met" : "falls short",
    ];
    return `| ${cells.join(" | ")} |`;
  });
}

function plannedRow({ work, run }: Results["planned"][number]): string {
  const failed = (connection: string) =>
    sum(run, (gap) => (gap.connection === connection ? gap.failed : 0));
  const twice = sum(run, (gap) => gap.failedTwice);
  const total = sum(run, (gap) => gap.failed);
  const met = run.verdict === "" && (work.goal === "none fails twice" ? twice === 0 : total === 0);
  const longest = Math.max(...run.gaps.map(({ longestMs }) => longestMs)) / 1000;
  const cells = [
    work.name,
    work.goal,
    `${sum(run, (gap) => gap.tries)}`,
    `${failed("new")} / ${failed("reused")}`,
    `${twice}`,
    longest.toFixed(2),
    run.loadAverage.toFixed(1),
    verdictOf(run, met),
  ];
  return `| ${cells.join(" | ")} |`;
}

function verdictOf({ problem, verdict }: PlannedRun, met: boolean): string {
  if (problem !== "") return `void: ${oneLine(problem).replaceAll("|", "/")}`;
  return met ? "met" : `falls short${verdict === "" ? "" : `: ${verdict}`}`;
}

/** A text as it is published: on one line, and of this computer's folders only the last names. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/(?<![\w:/.])\/(?:[^\s/]+\/)+/g, "")
    .trim();
}

function sum(run: PlannedRun, value: (gap: PlannedRun["gaps"][number]) => number): number {
  return run.gaps.reduce((total, gap) => total + value(gap), 0);
}
