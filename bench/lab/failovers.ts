import { statSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { catalogue } from "../../lab/faults/catalogue.ts";
import type { Fault, FaultCluster } from "../../lab/faults/fault.ts";
import { waitUntilHealthy } from "../../lab/faults/health.ts";
import { Interruption, unlessAborted } from "../../lab/faults/interruption.ts";
import { powerOn } from "../../lab/faults/kinds.ts";
import { injectWhole, machinesOff, waitForProof } from "../../lab/faults/runFault.ts";
import { gapsBetween, judgeHistory, Prober } from "../../lab/prober.ts";
import { sleep } from "../../lab/process.ts";
import { seededRandom } from "./statistics.ts";
import { untilCounted, type VoidBudget } from "./voids.ts";

/** A failure whose longest write gap has a goal. */
export interface Failover {
  name: string;
  /** Faults of the catalogue, one of which is drawn for each run. */
  faults: RegExp;
  goalSeconds: number;
  /**
   * How long the cause stays. What was killed comes back by itself, and the run goes on until it has; what
   * is frozen, cut or off stays well beyond the goal, so that no run ends by our healing.
   */
  holdSeconds: number;
}

export const failovers: readonly Failover[] = [
  { name: "etcd leader killed", faults: /^etcd-leader-kill$/, goalSeconds: 2.5, holdSeconds: 5 },
  { name: "API server killed", faults: /^apiserver-[\w-]+-kill$/, goalSeconds: 2, holdSeconds: 5 },
  {
    name: "API server cut off",
    faults: /^apiserver-(?!.*-from-etcd)[\w-]+-cut-both-ways$/,
    goalSeconds: 3,
    holdSeconds: 8,
  },
  { name: "HAProxy killed", faults: /^active-haproxy-kill$/, goalSeconds: 3, holdSeconds: 5 },
  { name: "HAProxy frozen", faults: /^active-haproxy-freeze$/, goalSeconds: 3, holdSeconds: 8 },
  {
    name: "load balancer's machine killed",
    faults: /^active-load-balancer-kill$/,
    goalSeconds: 3,
    holdSeconds: 8,
  },
  // gRPC keepalives notice it, which take longer.
  {
    name: "etcd member cut off",
    faults: /^etcd-\w-cut-both-ways$/,
    goalSeconds: 15,
    holdSeconds: 20,
  },
];

/** What one run showed. */
export interface FailoverRun {
  seed: number;
  fault: string;
  proof: string;
  /** Longest gap in milliseconds by kind of connection; undefined: the run is void. */
  gapMs: { new: number; reused: number } | undefined;
  /** Requests a second before the fault. */
  rateBefore: number;
  loadAverage: number;
  /** Of the whole run, with the way to full health before it and after it. */
  seconds: number;
  /** History that the run is a part of. */
  historyFile: string;
  /** Why the run is void; "" when it counts. */
  problem: string;
}

/** The checker's word on the history of several runs: "" when there is nothing to say. */
export interface JudgedHistory {
  historyFile: string;
  problem: string;
}

export interface SeriesOptions {
  seeds: readonly number[];
  voids: VoidBudget;
  /** Before each run. */
  prepare: () => Promise<unknown>;
  onRun: (run: FailoverRun) => void;
  onJudged: (judged: JudgedHistory) => void;
}

/** Requests a second that a run needs, and what is waited for: the last second may be slower. */
const minimumRate = 50;
const steadyRate = 60;
const mostTries = 5;
const recoverSeconds = 240;
const proofSeconds = 10;
/** A try has a second, its retry another, and lines of the history reach the file within one more. */
const lastProbeSeconds = 3.2;

/**
 * Runs of one failover under one client, until each seed has a run that counts or the void ones are too
 * many; the history as a whole is judged at the end. Ctrl-C and SIGTERM end it in good order: the fault is
 * undone and what was measured is judged.
 */
export async function measureFailover(
  cluster: FaultCluster,
  failover: Failover,
  options: SeriesOptions,
): Promise<void> {
  const interruption = new Interruption();
  const stop = interruption.signal;
  const name = failover.name.replaceAll(/\W+/g, "-");
  const { seeds } = options;
  const prober = new Prober({
    binary: cluster.prober,
    historyFile: join(cluster.historyDir, `bench-${name}-${Date.now()}.jsonl`),
    target: cluster.target(),
    seed: seeds[0] ?? 1,
    durationSeconds: (seeds.length + options.voids.left) * (recoverSeconds + 60),
  });
  try {
    await measureSeeds(cluster, failover, options, prober, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
    console.log("interrupted; the same command carries on, in the same lab");
  } finally {
    await prober.stop();
    options.onJudged(await judged(cluster.prober, prober.historyFile));
    interruption.end();
  }
}

async function measureSeeds(
  cluster: FaultCluster,
  failover: Failover,
  { seeds, voids, prepare, onRun }: SeriesOptions,
  prober: Prober,
  stop: AbortSignal,
): Promise<void> {
  let number = 0;
  for (const seed of seeds) {
    const counted = await untilCounted(voids, async () => {
      const run = emptyRun(seed, prober.historyFile);
      const start = Date.now();
      try {
        await unlessAborted(stop, prepare());
        await measureOnce(cluster, failover, run, prober, `${number++}`, stop);
      } catch (error) {
        stop.throwIfAborted();
        run.problem = (error as Error).message;
      }
      run.seconds = (Date.now() - start) / 1000;
      onRun(run);
      return run;
    });
    if (!counted) return;
  }
}

/** Fills in the run. Errors: why it is void, or that it was interrupted; the fault is undone in any case. */
async function measureOnce(
  cluster: FaultCluster,
  failover: Failover,
  run: FailoverRun,
  prober: Prober,
  mark: string,
  stop: AbortSignal,
): Promise<void> {
  const random = seededRandom(run.seed);
  const fault = draw(catalogue(cluster.lab), failover.faults, random);
  run.fault = fault.name;
  await waitUntilReady(cluster, run, prober, random, stop);
  const window = {
    from: `from-${mark}`,
    to: `to-${mark}`,
    offset: statSync(prober.historyFile).size,
  };
  await prober.mark(window.from);
  const injected = await injectWhole(cluster, fault);
  try {
    run.proof = await waitForProof(injected, proofSeconds);
    if (run.proof === "") throw new Error("no proof that the fault fired");
    await setTimeout(failover.holdSeconds * 1000, undefined, { signal: stop });
  } finally {
    await injected.heal();
    await powerOn(cluster, machinesOff(cluster));
  }
  await unlessAborted(stop, waitUntilHealthy(cluster.problems, recoverSeconds));
  await prober.mark(window.to);
  await sleep(lastProbeSeconds * 1000);
  run.gapMs = await longestGaps(cluster.prober, prober.historyFile, window);
}

/** Load and full health, the load still there after the rest. Errors: one of them is not to be had. */
async function waitUntilReady(
  cluster: FaultCluster,
  run: FailoverRun,
  prober: Prober,
  random: () => number,
  stop: AbortSignal,
): Promise<void> {
  for (let tries = 0; tries < mostTries; tries++) {
    await unlessAborted(stop, prober.waitUntilSteady(steadyRate));
    await unlessAborted(stop, waitUntilHealthy(cluster.problems, recoverSeconds));
    // So that no run is in step with anybody's timers.
    await setTimeout(random() * 1000, undefined, { signal: stop });
    run.loadAverage = loadavg()[0] ?? 0;
    run.rateBefore = prober.rate();
    if (run.rateBefore >= minimumRate) return;
  }
  throw new Error(`only ${run.rateBefore.toFixed(1)} requests a second before the fault`);
}

async function longestGaps(
  binary: string,
  historyFile: string,
  window: Parameters<typeof gapsBetween>[2],
): Promise<{ new: number; reused: number }> {
  const gaps = await gapsBetween(binary, historyFile, window);
  const of = (connection: string) => {
    const gap = gaps.find((one) => one.connection === connection && one.op === "write");
    if (gap === undefined) throw new Error(`no write was tried on a ${connection} connection`);
    return gap.longestMs;
  };
  return { new: of("new"), reused: of("reused") };
}

/** Judge a history that is complete: also one whose runner was killed, for the client outlives it. */
export async function judged(binary: string, historyFile: string): Promise<JudgedHistory> {
  try {
    const { verdict, reasons = [] } = await judgeHistory(binary, historyFile, {});
    return { historyFile, problem: verdict === "pass" ? "" : `${verdict}: ${reasons.join("; ")}` };
  } catch (error) {
    return { historyFile, problem: (error as Error).message };
  }
}

function emptyRun(seed: number, historyFile: string): FailoverRun {
  return {
    seed,
    fault: "",
    proof: "",
    gapMs: undefined,
    rateBefore: 0,
    loadAverage: 0,
    seconds: 0,
    historyFile,
    problem: "",
  };
}

function draw(faults: readonly Fault[], pattern: RegExp, random: () => number): Fault {
  const matching = faults.filter(({ name }) => pattern.test(name));
  const found = matching[Math.floor(random() * matching.length)];
  if (found === undefined) throw new Error(`no fault matches ${pattern}`);
  return found;
}
