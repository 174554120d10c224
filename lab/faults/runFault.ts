import { loadavg } from "node:os";
import { join } from "node:path";
import { type Gap, Prober, type Verdict } from "../prober.ts";
import { sleep } from "../process.ts";
import type { Fault, FaultCluster, Injected } from "./fault.ts";
import { waitUntilHealthy } from "./health.ts";
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

/** Run one fault under load and judge what the client saw. Leaves the cluster healthy or says so. */
export async function runFault(
  cluster: FaultCluster,
  fault: Fault,
  options: FaultRunOptions,
): Promise<FaultResult> {
  const result = emptyResult(cluster, fault, options.seed);
  try {
    await waitUntilHealthy(cluster.problems, healthyBeforeSeconds);
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
    await prober.waitUntilSteady(steadyRate);
    await hurt(cluster, fault, options, prober, result);
  } catch (error) {
    judge(result, "void", (error as Error).message);
  }
  result.loadAverage = loadavg()[0] ?? 0;
  const stopped = await prober.stop();
  if (stopped !== "") judge(result, "fail", `the client could not finish: ${stopped}`);
  if (result.proof !== "")
    weigh(fault, result, await prober.judge({ loadBefore: "injected", minimumRate }));
  return result;
}

/** From the injection to full health, with a mark in the history at each step. */
async function hurt(
  cluster: FaultCluster,
  fault: Fault,
  options: FaultRunOptions,
  prober: Prober,
  result: FaultResult,
): Promise<void> {
  await prober.mark("injected");
  const injected = await fault.inject(cluster);
  result.target = injected.target;
  try {
    result.proof = await waitForProof(injected, fault.proofSeconds);
    await prober.mark("fired");
    if (result.proof === "") {
      judge(
        result,
        "void",
        `nothing proves that the fault fired, ${fault.proofSeconds} s after it`,
      );
      return;
    }
    await sleep(Math.max(0, (options.holdSeconds ?? fault.holdSeconds) - lateSeconds) * 1000);
    await prober.mark("late");
    await sleep(lateSeconds * 1000);
  } finally {
    await prober.mark("healing");
    await injected.heal();
  }
  await waitForWrites(fault, prober);
  // What the fault's own healing left off; the lab must be whole again for the next run.
  const off = cluster.lab.names
    .map((name) => cluster.lab.machine(name))
    .filter((one) => !one.isOn());
  await powerOn(cluster, off);
  try {
    const { recoverSeconds } = fault;
    const recovery = await waitUntilHealthy(cluster.problems, recoverSeconds);
    result.recoverySeconds = recovery.seconds;
    result.lastToRecover = recovery.last;
  } catch (error) {
    judge(result, "fail", (error as Error).message);
  }
  await prober.mark("healthy");
  await sleep(2000);
}

/** Where the promise has a limit, wait for the first write; whether it came in time is judged later. */
async function waitForWrites(fault: Fault, prober: Prober): Promise<void> {
  const deadline = Date.now() + (fault.answersWithinSeconds ?? 0) * 1000;
  const before = prober.written();
  while (Date.now() < deadline && prober.written() <= before) await sleep(500);
}

async function waitForProof(injected: Injected, proofSeconds: number): Promise<string> {
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
