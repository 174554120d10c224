import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Machine } from "../machine.ts";
import { type Gap, Prober, type Verdict } from "../prober.ts";
import { sleep } from "../process.ts";
import type { Fault, FaultCluster, Injected } from "./fault.ts";
import { healLab } from "./heal.ts";
import { waitUntilHealthy } from "./health.ts";
import { Interruption, unlessAborted } from "./interruption.ts";
import { powerOn } from "./kinds.ts";

/** Requests a second that must be answered before a fault, or the run says nothing. */
const minimumRate = 50;
/** What the load must have had when the fault is injected: the last second may still be slower. */
const steadyRate = 60;
/** Last part of a fault, in which clients must be answered (or must not). */
const lateSeconds = 5;
/** Longest time before a run in which the cluster must be healthy. */
const healthyBeforeSeconds = 300;

export interface FaultRunOptions {
  seed: number;
  /** Saboteur: a client that forgets. */
  forget?: "writes" | "records";
  holdSeconds?: number;
}

/** What one run showed. Only "pass" is a pass: a run without proof of its fault is "void". */
export interface FaultResult {
  fault: string;
  verdict: "pass" | "fail" | "void";
  reasons: string[];
  target: string;
  proof: string;
  seed: number;
  /** Requests a second before the fault. */
  rateBefore: number;
  /** Longest time without an acknowledged write, by connection, over the whole run. */
  longestGapMs: Record<string, number>;
  /** From healing to full health. */
  recoverySeconds: number;
  /** What was the last to be healthy again. */
  lastToRecover: string[];
  acknowledgedWrites: number;
  unknown: number;
  lost: number;
  loadAverage: number;
  historyFile: string;
}

/**
 * Run one fault under load and judge what the client saw. Leaves the cluster healthy or says so. Ctrl-C and
 * SIGTERM end the run at once, but not before the fault is undone.
 */
export async function runFault(
  cluster: FaultCluster,
  fault: Fault,
  options: FaultRunOptions,
): Promise<FaultResult> {
  const interruption = new Interruption();
  try {
    return await runUnder(interruption.signal, cluster, fault, options);
  } finally {
    interruption.end();
  }
}

const mostTries = 3;

/**
 * The same, and once more where a run is void, at most three times: it says nothing of the cluster, only
 * that the computer was too busy to show something. `onRun` gets every run.
 */
export async function runUntilJudged(
  cluster: FaultCluster,
  fault: Fault,
  options: FaultRunOptions,
  onRun: (result: FaultResult) => void = () => {},
): Promise<FaultResult> {
  for (let tries = 1; ; tries++) {
    const result = await runFault(cluster, fault, options);
    onRun(result);
    if (result.verdict !== "void" || tries === mostTries) return result;
  }
}

async function runUnder(
  stop: AbortSignal,
  cluster: FaultCluster,
  fault: Fault,
  options: FaultRunOptions,
): Promise<FaultResult> {
  const result = emptyResult(cluster, fault, options.seed);
  try {
    await unlessAborted(stop, waitUntilHealthy(cluster.problems, healthyBeforeSeconds));
  } catch (error) {
    return judge(result, "void", `before the fault: ${(error as Error).message}`);
  }
  const prober = new Prober({
    binary: cluster.prober,
    historyFile: result.historyFile,
    target: cluster.target(),
    seed: options.seed,
    durationSeconds: 1800,
    ...(options.forget === undefined ? {} : { forget: options.forget }),
  });
  try {
    await unlessAborted(stop, prober.waitUntilSteady(steadyRate));
    await hurt(stop, cluster, fault, options, prober, result);
  } catch (error) {
    judge(result, "void", (error as Error).message);
  }
  result.loadAverage = loadavg()[0] ?? 0;
  const stopped = await prober.stop();
  if (stop.aborted) return result;
  if (stopped !== "") judge(result, "fail", `the client could not finish: ${stopped}`);
  if (result.proof !== "")
    weigh(fault, result, await prober.judge({ loadBefore: "injected", minimumRate }));
  return result;
}

/** From the injection to full health, with a mark in the history at each step. */
async function hurt(
  stop: AbortSignal,
  cluster: FaultCluster,
  fault: Fault,
  options: FaultRunOptions,
  prober: Prober,
  result: FaultResult,
): Promise<void> {
  await prober.mark("injected");
  const injected = await injectWhole(cluster, fault);
  result.target = injected.target;
  try {
    const work = lastFault(stop, fault, injected, options, prober, result);
    if (!(await unlessAborted(stop, work))) return;
  } finally {
    // Healed even if the client is gone and nobody can note it.
    await prober.mark("healing").catch(() => undefined);
    await injected.heal();
    // What the fault's own healing left off; the lab must be whole again for the next run.
    if (stop.aborted) await powerOn(cluster, machinesOff(cluster));
  }
  await unlessAborted(stop, waitForWrites(fault, prober));
  await powerOn(cluster, machinesOff(cluster));
  try {
    const { recoverSeconds } = fault;
    const recovered = waitUntilHealthy(cluster.problems, recoverSeconds);
    const recovery = await unlessAborted(stop, recovered);
    result.recoverySeconds = recovery.seconds;
    result.lastToRecover = recovery.last;
  } catch (error) {
    judge(result, stop.aborted ? "void" : "fail", (error as Error).message);
  }
  await prober.mark("healthy");
  await sleep(2000);
}

/** A fault that could not be injected whole is taken away whole. */
export async function injectWhole(cluster: FaultCluster, fault: Fault): Promise<Injected> {
  try {
    return await fault.inject(cluster);
  } catch (error) {
    await healLab(cluster.lab);
    await powerOn(cluster, machinesOff(cluster));
    throw error;
  }
}

/** Machines of the lab that are off. */
export function machinesOff({ lab }: FaultCluster): Machine[] {
  return lab.names.map((name) => lab.machine(name)).filter((machine) => !machine.isOn());
}

/** Holds a fault for its time. @returns false when nothing proves that it fired. */
async function lastFault(
  stop: AbortSignal,
  fault: Fault,
  injected: Injected,
  options: FaultRunOptions,
  prober: Prober,
  result: FaultResult,
): Promise<boolean> {
  result.proof = await waitForProof(injected, fault.proofSeconds);
  await prober.mark("fired");
  if (result.proof === "") {
    const reason = `nothing proves that the fault fired, ${fault.proofSeconds} s after it`;
    judge(result, "void", reason);
    return false;
  }
  const holdSeconds = options.holdSeconds ?? fault.holdSeconds;
  await setTimeout(Math.max(0, holdSeconds - lateSeconds) * 1000, undefined, { signal: stop });
  await prober.mark("late");
  await setTimeout(lateSeconds * 1000, undefined, { signal: stop });
  return true;
}

/** Where the promise has a limit, wait for the first write; whether it came in time is judged later. */
async function waitForWrites(fault: Fault, prober: Prober): Promise<void> {
  const deadline = Date.now() + (fault.answersWithinSeconds ?? 0) * 1000;
  const before = prober.written();
  while (Date.now() < deadline && prober.written() <= before) await sleep(500);
}

/** Asks until there is a proof; "" when there is none in time. */
export async function waitForProof(injected: Injected, proofSeconds: number): Promise<string> {
  const deadline = Date.now() + proofSeconds * 1000;
  while (Date.now() < deadline) {
    const proof = await injected.proof();
    if (proof !== undefined) return proof;
    await sleep(100);
  }
  return "";
}

/** Add the client's side of the story to the result. */
function weigh(fault: Fault, result: FaultResult, verdict: Verdict): void {
  result.rateBefore = verdict.ratePerSecondBefore;
  result.acknowledgedWrites = verdict.acknowledgedWrites;
  result.unknown = verdict.unknown;
  result.lost = verdict.lostCount;
  for (const gap of verdict.gaps ?? [])
    result.longestGapMs[gapName(gap)] = Math.round(gap.longestMs);
  if (verdict.verdict !== "pass") judge(result, verdict.verdict, ...(verdict.reasons ?? []));
  const phase = (name: string) => verdict.phases?.find(({ from }) => from === name);
  const late = phase("late");
  if (late === undefined) return;
  if (fault.during === "answers" && late.writes === 0) {
    judge(result, "fail", "no write was acknowledged in the last seconds of the fault");
  }
  if (fault.during === "stops" && late.writes > 0) {
    judge(result, "fail", `${late.writes} writes were acknowledged while that must be impossible`);
  }
  const healing = phase("healing");
  const limit = fault.answersWithinSeconds;
  if (limit !== undefined && healing !== undefined) {
    const seconds = healing.firstWriteMs / 1000;
    if (seconds < 0 || seconds > limit) {
      judge(
        result,
        "fail",
        `first write ${seconds.toFixed(1)} s after healing, ${limit} s allowed`,
      );
    }
  }
}

function gapName({ connection, op }: Gap): string {
  return `${op}, ${connection} connection`;
}

/** A failure outweighs void, and neither is ever taken back. */
function judge(result: FaultResult, verdict: "fail" | "void", ...reasons: string[]): FaultResult {
  if (result.verdict !== "fail") result.verdict = verdict;
  result.reasons.push(...reasons);
  return result;
}

function emptyResult(cluster: FaultCluster, fault: Fault, seed: number): FaultResult {
  return {
    fault: fault.name,
    verdict: "pass",
    reasons: [],
    target: "",
    proof: "",
    seed,
    rateBefore: 0,
    longestGapMs: {},
    recoverySeconds: 0,
    lastToRecover: [],
    acknowledgedWrites: 0,
    unknown: 0,
    lost: 0,
    loadAverage: 0,
    historyFile: join(cluster.historyDir, `${fault.name}-${seed}.jsonl`),
  };
}
