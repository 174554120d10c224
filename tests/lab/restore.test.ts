import assert from "node:assert/strict";
import { join } from "node:path";
import { ApiClient } from "../../lab/faults/api.ts";
import { waitUntilHealthy } from "../../lab/faults/health.ts";
import { powerOn } from "../../lab/faults/kinds.ts";
import { withRole } from "../../lab/faults/members.ts";
import type { LabCluster } from "../../lab/ownLab.ts";
import { Prober } from "../../lab/prober.ts";
import { sleep, waitUntil } from "../../lab/process.ts";
import { testLab } from "./support/testLab.ts";
import { deployEcho, removeEcho, waitForPods } from "./support/workload.ts";

const app = "before-the-restore";
const secretPath = "/api/v1/namespaces/default/secrets";

describe("restore", function () {
  this.timeout(1_200_000);
  let cluster: LabCluster;
  let api: ApiClient;

  before(async () => {
    cluster = await testLab.cluster();
    api = new ApiClient(cluster.kubeconfig);
  });
  after(() => removeEcho(api, [app]));

  it("takes snapshots by a timer, on machines that are not etcd's", async () => {
    for (const machine of withRole(cluster.lab, "control-plane")) {
      const timer = await machine.exec(["systemctl", "is-active", "etcd-snapshot.timer"], {
        mayFail: true,
      });
      assert.equal(timer.stdout.trim(), "active", machine.name);
    }
  });

  it("brings back, from all disks wiped, every write acknowledged before the snapshot", async () => {
    await deployEcho(api, app, 3);
    await waitForPods(api, app, 3);
    const body = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "restored" },
      stringData: { value: "kept" },
    };
    await api.ask(secretPath, { method: "POST", body });

    const prober = new Prober({
      binary: cluster.prober,
      historyFile: join(cluster.historyDir, "restore.jsonl"),
      target: cluster.target(),
      seed: 1,
      durationSeconds: 1200,
    });
    await prober.waitUntilSteady(50);
    await prober.mark("snapshot");
    const [first] = withRole(cluster.lab, "control-plane");
    assert.ok(first);
    await first.exec(["systemctl", "start", "etcd-snapshot.service"], { timeoutSeconds: 120 });
    await sleep(3000);
    await prober.mark("wiping");
    const members = withRole(cluster.lab, "etcd");
    await Promise.all(members.map((machine) => machine.powerOff()));
    for (const machine of members) machine.replaceDisk("etcd");
    await powerOn(cluster, members);
    // They answer SSH; their etcd waits, for a cluster that is gone is not made anew by itself.
    for (const machine of members) {
      await waitUntil(`${machine.name} answers SSH`, 90, async () => {
        const ssh = ["systemctl", "is-active", "ssh"];
        return machine.isOn() && (await machine.exec(ssh, { mayFail: true })).exitCode === 0;
      });
    }

    await testLab.quorum(["restore", "--stack", testLab.name, "--from", "latest", "--yes"]);
    await waitUntilHealthy(cluster.problems, 300);
    await prober.mark("restored");

    const secret = await api.json<{ data: { value: string } }>(`${secretPath}/restored`);
    assert.equal(Buffer.from(secret.data.value, "base64").toString(), "kept", "Secrets decrypt");
    await scale(api, 4);
    await waitForPods(api, app, 4);
    await scale(api, 3);
    await waitForPods(api, app, 3);
    assert.equal(await prober.stop(), "", "the watch goes on after the restore");
    const verdict = await prober.judge({
      loadBefore: "snapshot",
      restored: { to: "snapshot", began: "wiping" },
    });
    assert.equal(verdict.verdict, "pass", verdict.reasons?.join("; "));
    await api.ask(`${secretPath}/restored`, { method: "DELETE" });
  });
});

/** Controllers work: the Deployment follows its new size. */
async function scale(api: ApiClient, replicas: number): Promise<void> {
  const path = `/apis/apps/v1/namespaces/default/deployments/${app}/scale`;
  const scale = await api.json<{ spec: { replicas: number } }>(path);
  scale.spec.replicas = replicas;
  await api.json(path, { method: "PUT", body: scale });
}
