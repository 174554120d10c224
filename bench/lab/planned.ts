import { loadavg } from "node:os";
import { join } from "node:path";
import { waitUntilHealthy } from "../../lab/faults/health.ts";
import { activeLoadBalancer, vipHolders, withRole } from "../../lab/faults/members.ts";
import { processesNamed } from "../../lab/faults/processes.ts";
import type { Lab } from "../../lab/machines.ts";
import type { LabCluster } from "../../lab/ownLab.ts";
import { type Gap, Prober } from "../../lab/prober.ts";
import { isAlive, signalProcess, sleep, waitUntil } from "../../lab/process.ts";

/** Work that must not be felt. */
export interface PlannedWork {
  name: string;
  goal: string;
  run: (cluster: LabCluster) => Promise<void>;
}

/** What clients felt of it: by connection and kind of request. */
export interface PlannedRun {
  name: string;
  gaps: Gap[];
  loadAverage: number;
  /** What the checker found wrong; "" when nothing is. */
  verdict: string;
  /** Why the run is void; "" when it counts. */
  problem: string;
}

const restartSeconds = 240;

export const plannedWork: readonly PlannedWork[] = [
  { name: "restart of every API server", goal: "no failed request", run: restartApiServers },
  { name: "restart of every etcd member", goal: "no failed request", run: restartEtcd },
  { name: "reload of both HAProxies", goal: "no failed request", run: reloadHaproxies },
  { name: "move of the VIP, there and back", goal: "none fails twice", run: moveVip },
];

/** SIGTERM, as the kubelet sends it: the server drains, the kubelet starts another. */
async function restartApiServers(cluster: LabCluster): Promise<void> {
  for (const machine of withRole(cluster.lab, "control-plane")) {
    const [server] = processesNamed(machine, "kube-apiserver");
    if (server === undefined) throw new Error(`no API server on ${machine.name}`);
    signalProcess(server, "SIGTERM");
    await waitUntil("the API server ended", restartSeconds, () => !isAlive(server));
    await waitUntilHealthy(cluster.problems, restartSeconds);
  }
}

async function restartEtcd(cluster: LabCluster): Promise<void> {
  const script = "/usr/local/lib/quorum/etcd/restart.sh";
  for (const machine of withRole(cluster.lab, "etcd")) {
    await machine.exec(["quorum-with-lock", "roll/etcd-member", script], {
      timeoutSeconds: restartSeconds,
    });
    await waitUntilHealthy(cluster.problems, restartSeconds);
  }
}

async function reloadHaproxies(cluster: LabCluster): Promise<void> {
  for (const machine of withRole(cluster.lab, "load-balancer")) {
    await machine.exec(["systemctl", "reload", "haproxy"]);
    await sleep(5000);
  }
}

async function moveVip(cluster: LabCluster): Promise<void> {
  const before = await activeLoadBalancer(cluster.lab);
  await before.exec(["systemctl", "stop", "keepalived"]);
  await waitUntil("the VIP moved", 30, async () => {
    const holders = await vipHolders(cluster.lab);
    return holders.length === 1 && holders[0]?.name !== before.name;
  });
  await sleep(5000);
  await before.exec(["systemctl", "start", "keepalived"]);
  await waitUntilHealthy(cluster.problems, restartSeconds);
  await sleep(5000);
}

/** What a run that was killed in the middle of planned work may have left stopped. */
export async function undoPlanned(lab: Lab): Promise<void> {
  for (const machine of withRole(lab, "load-balancer"))
    if (machine.isOn()) await machine.exec(["systemctl", "start", "keepalived"], { mayFail: true });
}

/** Do the work under load and count what failed between its marks. */
export async function measurePlanned(cluster: LabCluster, work: PlannedWork): Promise<PlannedRun> {
  const prober = new Prober({
    binary: cluster.prober,
    historyFile: join(cluster.historyDir, `bench-${work.name.replaceAll(/\W+/g, "-")}.jsonl`),
    target: cluster.target(),
    seed: 1,
    probeReads: true,
    durationSeconds: 1800,
  });
  const run: PlannedRun = {
    name: work.name,
    gaps: [],
    loadAverage: loadavg()[0] ?? 0,
    verdict: "",
    problem: "",
  };
  try {
    await prober.waitUntilSteady(50);
    await prober.mark("begin");
    await work.run(cluster);
    await prober.mark("end");
  } catch (error) {
    run.problem = (error as Error).message;
  } finally {
    await prober.stop();
  }
  if (run.problem !== "") return run;
  const found = await prober.judge({ loadBefore: "begin", gapFrom: "begin", gapTo: "end" });
  const words = (found.reasons ?? []).join("; ");
  run.gaps = found.gaps ?? [];
  if (found.verdict === "fail") run.verdict = words;
  if (found.verdict === "void") run.problem = words;
  return run;
}
