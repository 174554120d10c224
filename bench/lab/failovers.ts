import { loadavg } from "node:os";
import { join } from "node:path";
import { catalogue } from "../../lab/faults/catalogue.ts";
import type { Fault } from "../../lab/faults/fault.ts";
import { waitUntilHealthy } from "../../lab/faults/health.ts";
import { powerOn } from "../../lab/faults/kinds.ts";
import type { LabCluster } from "../../lab/ownLab.ts";
import { judgeHistory, Prober } from "../../lab/prober.ts";
import { sleep } from "../../lab/process.ts";
import { seededRandom } from "./statistics.ts";

/** A failure whose longest write gap has a goal. */
export interface Failover {
  name: string;
  /** Faults of the catalogue, one of which is drawn for each run. */
  faults: RegExp;
  goalSeconds: number;
}

export const failovers: readonly Failover[] = [
  { name: "etcd leader killed", faults: /^etcd-leader-kill$/, goalSeconds: 2.5 },
  { name: "API server killed", faults: /^apiserver-[\w-]+-kill$/, goalSeconds: 2 },
  {
    name: "API server cut off",
    faults: /^apiserver-(?!.*-from-etcd)[\w-]+-cut-both-ways$/,
    goalSeconds: 3,
  },
  { name: "HAProxy killed", faults: /^active-haproxy-kill$/, goalSeconds: 3 },
  { name: "HAProxy frozen", faults: /^active-haproxy-freeze$/, goalSeconds: 3 },
  { name: "load balancer's machine killed", faults: /^active-load-balancer-kill$/, goalSeconds: 3 },
  { name: "etcd member cut off", faults: /^etcd-\w-cut-both-ways$/, goalSeconds: 15 },
];

/** What one run showed. */
export interface FailoverRun {
  seed: number;
  fault: string;
  proof: string;
  /** Longest gap in milliseconds by kind of connection; undefined: the run is void. */
  gapMs: { new: number; reused: number } | undefined;
  loadAverage: number;
  /** Why the run is void, or what the checker found. */
  problem: string;
}

const holdSeconds = 8;
/** An etcd member that is cut off is noticed by gRPC keepalives, which take longer. */
const longHoldSeconds = 20;
const minimumRate = 50;
const recoverSeconds = 240;

/** Runs of one failover under one client; the history as a whole is judged at the end. */
export async function measureFailover(
  cluster: LabCluster,
  failover: Failover,
  seeds: readonly number[],
  onRun: (run: FailoverRun) => void,
): Promise<string> {
  const name = failover.name.replaceAll(/\W+/g, "-");
  const prober = new Prober({
    binary: cluster.prober,
    historyFile: join(cluster.historyDir, `bench-${name}-${seeds[0]}.jsonl`),
    target: cluster.target(),
    seed: seeds[0] ?? 1,
    durationSeconds: seeds.length * (recoverSeconds + 60),
  });
  const runs: FailoverRun[] = [];
  try {
    for (const seed of seeds) runs.push(await measureOnce(cluster, failover, seed, prober));
  } finally {
    await prober.stop();
  }
  for (const run of runs) {
    if (run.problem === "") run.gapMs = await gapsOf(cluster, prober.historyFile, run.seed);
    onRun(run);
  }
  const verdict = await prober.judge();
  return verdict.verdict === "pass" ? "" : (verdict.reasons ?? []).join("; ");
}

async function measureOnce(
  cluster: LabCluster,
  failover: Failover,
  seed: number,
  prober: Prober,
): Promise<FailoverRun> {
  const random = seededRandom(seed);
  const fault = draw(catalogue(cluster.lab), failover.faults, random);
  const run: FailoverRun = {
    seed,
    fault: fault.name,
    proof: "",
    gapMs: undefined,
    loadAverage: 0,
    problem: "",
  };
  try {
    await waitUntilHealthy(cluster.problems, recoverSeconds);
    await prober.waitUntilSteady(minimumRate);
    // So that no run is in step with anybody's timers.
    await sleep(random() * 1000);
    run.loadAverage = loadavg()[0] ?? 0;
    await prober.mark(`from-${seed}`);
    const injected = await fault.inject(cluster);
    for (let tries = 0; run.proof === "" && tries < 100; tries++) {
      run.proof = (await injected.proof()) ?? "";
      if (run.proof === "") await sleep(100);
    }
    if (run.proof === "") run.problem = "no proof that the fault fired";
    await sleep((failover.goalSeconds > 5 ? longHoldSeconds : holdSeconds) * 1000);
    await injected.heal();
    await powerOn(cluster, offMachines(cluster));
    await waitUntilHealthy(cluster.problems, recoverSeconds);
    await prober.mark(`to-${seed}`);
  } catch (error) {
    run.problem = (error as Error).message;
  }
  return run;
}

function offMachines({ lab }: LabCluster) {
  return lab.names.map((name) => lab.machine(name)).filter((machine) => !machine.isOn());
}

function draw(faults: readonly Fault[], pattern: RegExp, random: () => number): Fault {
  const matching = faults.filter(({ name }) => pattern.test(name));
  const found = matching[Math.floor(random() * matching.length)];
  if (found === undefined) throw new Error(`no fault matches ${pattern}`);
  return found;
}

async function gapsOf(
  cluster: LabCluster,
  historyFile: string,
  seed: number,
): Promise<FailoverRun["gapMs"]> {
  const window = { gapFrom: `from-${seed}`, gapTo: `to-${seed}` };
  const { gaps = [] } = await judgeHistory(cluster.prober, historyFile, window);
  const of = (connection: string) =>
    gaps.find((gap) => gap.connection === connection && gap.op === "write")?.longestMs ??
    Number.NaN;
  return { new: of("new"), reused: of("reused") };
}
