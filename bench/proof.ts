/**
 * How long the proof takes on large plans: node bench/proof.ts. A plan of N resources has N/10
 * machines in three zones and N/5 workloads, each with a disruption budget and a Service.
 */
import { loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import { modelOf } from "../proof/facts/index.ts";
import { graphOf } from "../proof/graph.ts";
import { prove } from "../proof/prove.ts";
import { failureCount } from "../proof/report/report.ts";
import { addBudget, addCeph, addWorkload, eksPlan } from "../tests/support/plannedGraph.ts";

const sizes = [1000, 2000, 5000, 10_000];
const runs = 5;

/** A plan of about this many resources; deterministic. */
function planOf(resources: number): { json: string; resources: number; machines: number } {
  const perZone = Math.round(resources / 30);
  const plan = eksPlan({ perZone, maxPerZone: perZone * 2 });
  addCeph(plan, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
  for (let index = 0; index < resources / 5; index += 1) {
    const name = `app-${index}`;
    addWorkload(plan, name, {
      replicas: 2 + (index % 3),
      cpu: `${100 + 50 * (index % 7)}m`,
      memory: `${128 + 64 * (index % 11)}Mi`,
    });
    addBudget(plan, name, { maxUnavailable: 1 });
    plan.add("kubernetes:core/v1:Service", `${name}-service`, { metadata: { name } });
  }
  for (let index = plan.resources.size; index < resources; index += 1) {
    plan.add("kubernetes:core/v1:ConfigMap", `config-${index}`, { data: { index: `${index}` } });
  }
  return {
    json: JSON.stringify(plan.preview()),
    resources: plan.resources.size,
    machines: perZone * 3,
  };
}

/** Slope of the least-squares line through (log size, log seconds). */
function logSlope(points: readonly { size: number; seconds: number }[]): number {
  const xs = points.map(({ size }) => Math.log(size));
  const ys = points.map(({ seconds }) => Math.log(seconds));
  const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const above = xs.reduce((sum, x, index) => sum + (x - mx) * ((ys[index] ?? 0) - my), 0);
  return above / xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
}

const points: { size: number; seconds: number }[] = [];
for (const size of sizes) {
  const { json, resources, machines } = planOf(size);
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  let singles = 0;
  let pairs = 0;
  for (let run = 0; run < runs; run += 1) {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const proof = prove(modelOf(graphOf(JSON.parse(json))));
    seconds.push((performance.now() - start) / 1000);
    const used = process.cpuUsage(cpu);
    cpuSeconds.push((used.user + used.system) / 1e6);
    singles = failureCount(proof, "single");
    pairs = failureCount(proof, "pair");
    if (proof.refuted.length + proof.unproven.length > 0) throw new Error("the plan is not proven");
  }
  seconds.sort((a, b) => a - b);
  cpuSeconds.sort((a, b) => a - b);
  const cpuMedian = cpuSeconds[Math.floor(runs / 2)] as number;
  const median = seconds[Math.floor(runs / 2)] as number;
  points.push({ size: resources, seconds: median });
  const worst = seconds.at(-1) as number;
  console.log(
    `${resources} resources, ${machines} machines: ${median.toFixed(2)} s (worst of ${runs}: ${worst.toFixed(2)} s; CPU ${cpuMedian.toFixed(2)} s), ${singles} single failures, ${pairs} pairs`,
  );
}
console.log(`log-log slope ${logSlope(points).toFixed(2)}`);
console.log(`load average ${loadavg()[0]?.toFixed(1)}`);
console.log(`peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
