import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { clusterNodes } from "../../lab/cluster.ts";
import { ApiClient } from "../../lab/faults/api.ts";
import { waitUntilHealthy } from "../../lab/faults/health.ts";
import { etcdctl, withRole } from "../../lab/faults/members.ts";
import { processesNamed } from "../../lab/faults/processes.ts";
import { Lab } from "../../lab/machines.ts";
import type { LabCluster } from "../../lab/ownLab.ts";
import { waitUntil } from "../../lab/process.ts";
import { exposedOn, secretFragments } from "./support/secrets.ts";
import { testLab } from "./support/testLab.ts";
import { deployEcho, deployProbes, removeEcho, waitForPods } from "./support/workload.ts";

const programs = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "containerd",
  "haproxy",
  "keepalived",
];

/** What runs on each machine, so that a restart of any of it is seen. */
function running(lab: Lab): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of lab.names) {
    for (const program of programs) {
      const processes = processesNamed(lab.machine(name), program);
      // Of a program with workers, the first process is the one that would be restarted.
      const first = processes.sort((a, b) => a.startTicks - b.startTicks)[0];
      if (first !== undefined)
        found.set(`${program} on ${name}`, `${first.pid} ${first.startTicks}`);
    }
  }
  return found;
}

/** Answer to someone without a certificate. */
function askAnonymously(server: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ rejectUnauthorized: false, keepAlive: false });
    const outgoing = request(
      new URL(path, server),
      { agent, signal: AbortSignal.timeout(5000) },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    outgoing.on("error", reject);
    outgoing.end();
  });
}

describe("the lab's cluster", function () {
  this.timeout(1_800_000);
  let cluster: LabCluster;
  let api: ApiClient;

  before(async () => {
    cluster = await testLab.cluster();
    api = new ApiClient(cluster.kubeconfig);
  });

  it("has three control planes and three workers, Ready, in three zones", async () => {
    const nodes = await clusterNodes(cluster.lab);
    assert.deepEqual(
      nodes.filter(({ ready }) => !ready),
      [],
    );
    for (const controlPlane of [true, false]) {
      const zones = nodes
        .filter((node) => node.controlPlane === controlPlane)
        .map(({ zone }) => zone);
      assert.deepEqual(zones.sort(), ["a", "b", "c"]);
    }
  });

  describe("with a Deployment spread over zones", () => {
    const [app, probes] = ["echo", "echo-everywhere"];
    before(async () => {
      await deployEcho(api, app, 3);
      await deployProbes(api, probes);
    });
    after(() => removeEcho(api, [app, probes]));

    /** Every node's own pod asks the Service by address and by names. */
    async function askFromEveryNode(): Promise<void> {
      const pods = await waitForPods(api, app, 3);
      const zoneOf = (node: string) => cluster.lab.spec.hosts[node]?.zone;
      assert.deepEqual(pods.map(({ node }) => zoneOf(node)).sort(), ["a", "b", "c"]);
      const watchers = await waitForPods(api, probes, 6);
      const service = await api.json<{ spec: { clusterIP: string } }>(
        `/api/v1/namespaces/default/services/${app}`,
      );
      const targets = [service.spec.clusterIP, `${app}.default.svc.cluster.local`, app];
      for (const { node, address } of watchers) {
        for (const target of targets) {
          const url = `http://${address}:8080/get?url=${encodeURIComponent(`http://${target}/`)}`;
          const ask = ["curl", "-sS", "--max-time", "10", url];
          let said = "";
          // Each kube-proxy hears of the new Service in its own time.
          await waitUntil(
            () => `${target} answers ${node}, which was told: ${said}`,
            60,
            async () => {
              const answer = await cluster.lab.machine(node).exec(ask, { mayFail: true });
              said = answer.stdout + answer.stderr;
              return pods.some(({ name }) => said.includes(name));
            },
          );
        }
      }
    }

    it("answers through its Service and by DNS name from every node", askFromEveryNode);

    it("still does when every kube-proxy starts again and finds the rules of its predecessor", async () => {
      for (const node of await clusterNodes(cluster.lab)) {
        const machine = cluster.lab.machine(node.name);
        const before = processesNamed(machine, "kube-proxy").map(({ pid }) => pid);
        assert.equal(await machine.signalCommand("kube-proxy", "SIGKILL"), 1);
        await waitUntil(`kube-proxy of ${node.name} has written its rules again`, 120, async () => {
          const [now] = processesNamed(machine, "kube-proxy");
          if (now === undefined || before.includes(now.pid)) return false;
          const metrics = ["curl", "-sf", "--max-time", "5", "http://127.0.0.1:10249/metrics"];
          const { stdout } = await machine.exec(metrics, { mayFail: true });
          return /^kubeproxy_sync_proxy_rules_last_timestamp_seconds\S* [1-9]/m.test(stdout);
        });
      }
      await askFromEveryNode();
    });
  });

  it("is left alone by a second `up`: no change in the plan, no program restarted", async () => {
    const before = running(cluster.lab);
    const preview = await testLab.quorum([
      "preview",
      "--stack",
      testLab.name,
      "--engine",
      "embedded",
      "--json",
    ]);
    const { changeSummary } = JSON.parse(preview.stdout) as {
      changeSummary: Record<string, number>;
    };
    assert.deepEqual(Object.keys(changeSummary), ["same"]);
    await testLab.up();
    assert.deepEqual(running(cluster.lab), before);
  });

  it("boots a load balancer that starts each of its programs once", async () => {
    const machine = cluster.lab.machine("load-balancer-b");
    const before = machine.leader();
    const rebootedAt = Math.floor(Date.now() / 1000);
    await machine.exec(["systemctl", "reboot", "--force"], { mayFail: true });
    await waitUntil(`${machine.name} has booted and carried out its bundle`, 120, async () => {
      const now = machine.leader();
      if (now === undefined || now === before) return false;
      const { stdout } = await machine.exec(
        ["systemctl", "show", "--property=ExecMainExitTimestampMonotonic", "quorum-apply.service"],
        { mayFail: true },
      );
      return /=[1-9]/.test(stdout);
    });
    for (const unit of ["haproxy", "keepalived", "api-lb-watch"]) {
      const since = ["--since", `@${rebootedAt}`, "--output=cat"];
      const { stdout } = await machine.exec(["journalctl", "--unit", unit, ...since]);
      assert.equal(stdout.match(/^Started /gm)?.length, 1, stdout);
    }
    await waitUntilHealthy(cluster.problems, 120);
  });

  it("takes in another worker without touching anything else, and lets it go again", async () => {
    const before = running(cluster.lab);
    const [base] = cluster.lab.spec.vip.split(/\.\d+$/);
    const size = { cpus: 2, memoryGiB: 2 };
    testLab.writeStack({
      "worker-d": { address: `${base}.41`, zone: "a", roles: ["worker"], size },
    });
    try {
      await testLab.up();
      const grown = Lab.open(testLab.name);
      await waitUntil("worker-d is Ready", 120, async () =>
        (await clusterNodes(grown)).some(({ name, ready }) => name === "worker-d" && ready),
      );
      const now = running(cluster.lab);
      assert.deepEqual(now, before);
    } finally {
      testLab.writeStack();
      await testLab.up();
    }
    assert.deepEqual(running(cluster.lab), before);
    assert.equal(Lab.open(testLab.name).names.includes("worker-d"), false);
  });

  it("keeps Secrets encrypted in etcd", async () => {
    const value = "plain-text-that-must-not-be-found";
    const path = "/api/v1/namespaces/default/secrets";
    const body = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "hidden" },
      stringData: { value },
    };
    await api.json(path, { method: "POST", body });
    try {
      const [member] = withRole(cluster.lab, "etcd");
      assert.ok(member);
      const stored = await etcdctl(member, [
        "get",
        "/registry/secrets/default/hidden",
        "--print-value-only",
      ]);
      assert.match(stored.stdout, /^k8s:enc:[a-z]+:v\d:/);
      assert.equal(stored.stdout.includes(value), false);
      const read = await api.json<{ data: { value: string } }>(`${path}/hidden`);
      assert.equal(Buffer.from(read.data.value, "base64").toString(), value);
    } finally {
      await api.ask(`${path}/hidden`, { method: "DELETE" });
    }
  });

  it("answers the unknown on health endpoints only", async () => {
    for (const { host } of withRole(cluster.lab, "control-plane")) {
      const server = `https://${host.address}:6443`;
      for (const path of ["/livez", "/readyz", "/healthz"]) {
        assert.equal(await askAnonymously(server, path), 200, path);
      }
      for (const path of [
        "/",
        "/version",
        "/api",
        "/apis",
        "/openapi/v2",
        "/metrics",
        "/api/v1/namespaces",
        "/livez/etcd",
      ]) {
        const status = await askAnonymously(server, path);
        assert.ok(status === 401 || status === 403, `${path}: ${status}`);
      }
    }
  });

  it("shows no key, token or passphrase in readable files, process lists, state or output", async () => {
    const secrets = await api.json<{ items: { type: string; data?: Record<string, string> }[] }>(
      "/api/v1/namespaces/kube-system/secrets",
    );
    const tokens = secrets.items
      .filter(({ type }) => type === "bootstrap.kubernetes.io/token")
      .map(({ data }) => Buffer.from(data?.["token-secret"] ?? "", "base64").toString());
    const fragments = await secretFragments(cluster.lab, tokens);
    assert.ok(fragments.size > 20, `only ${fragments.size} secrets were found to look for`);
    const exposed: string[] = [];
    for (const name of cluster.lab.names)
      exposed.push(...(await exposedOn(cluster.lab.machine(name), fragments)));
    const states = readdirSync(testLab.stateDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const texts = new Map([
      ...states.map((file) => [file, readFileSync(file, "utf8")] as const),
      ["output", testLab.printed()] as const,
    ]);
    for (const [place, text] of texts) {
      for (const [piece, secret] of fragments)
        if (text.includes(piece)) exposed.push(`${place} shows ${secret}`);
    }
    assert.deepEqual(exposed, []);
  });
});
