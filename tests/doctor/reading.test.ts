import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { examine, sourceOf } from "../../cli/doctor.ts";
import { diagnose } from "../../doctor/diagnose.ts";
import { type Diagnosis, exitCode } from "../../doctor/finding.ts";
import {
  type ObjectSource,
  PagesExpired,
  pathOf,
  ReadRefused,
  readCluster,
  readings,
  trimmed,
} from "../../doctor/reading.ts";
import { markdown } from "../../doctor/report/markdown.ts";
import { text } from "../../doctor/report/text.ts";
import { apiClient } from "../../engine/embedded/providers/kubernetes/apiClient.ts";
import {
  type ApiServer,
  apiServerPrograms,
  startApiServer,
} from "../engine/providers/apiServer.ts";
import type { Raw } from "../support/fixtures.ts";
import { apiErrors } from "../support/kubernetesSchema.ts";
import { app, etcdFlag, healthy, pod } from "./clusters.ts";

const role: Raw = parse(
  readFileSync(join(import.meta.dirname, "../../templates/doctor/clusterRole.yaml"), "utf8"),
);

/** A source that gives these objects by path, in pages of two. */
function sourceFrom(objects: Record<string, unknown[]>, troubles: Record<string, Error[]> = {}) {
  const source: ObjectSource = {
    async *pages(path) {
      const list = objects[path] ?? [];
      for (let start = 0; start < Math.max(1, list.length); start += 2) {
        yield list.slice(start, start + 2);
        const trouble = troubles[path]?.shift();
        if (trouble !== undefined) throw trouble;
      }
    },
  };
  return source;
}

describe("what the doctor reads", () => {
  it("is exactly what its ClusterRole allows: lists, and no Secrets", () => {
    assert.deepEqual(apiErrors(role), []);
    const allowed = role.rules.flatMap((rule: Raw) => {
      assert.deepEqual(rule.verbs, ["list"]);
      return rule.resources.map((resource: string) => `${rule.apiGroups[0]}/${resource}`);
    });
    const read = Object.values(readings).map(({ group, resource }) => `${group}/${resource}`);
    assert.deepEqual(allowed.toSorted(), read.toSorted());
    assert.ok(!allowed.includes("/secrets") && !allowed.includes("/configmaps"));
  });

  it("keeps what rules look at and drops the rest", () => {
    const full: Raw = pod({ name: "one", on: "worker-a-1" });
    full.metadata.managedFields = [{ manager: "kubelet" }];
    full.spec.containers[0].env = [{ name: "PASSWORD", value: "secret" }];
    full.spec.containers[0].command = ["kube-apiserver", etcdFlag, "--token-auth-file=x"];
    full.spec.volumes = [
      { name: "config", configMap: {} },
      { name: "data", persistentVolumeClaim: { claimName: "data" } },
    ];
    full.status.podIP = "10.0.0.1";
    const small: Raw = trimmed(full);
    assert.deepEqual(small.spec.containers[0].command, [etcdFlag]);
    assert.deepEqual(small.spec.volumes, [full.spec.volumes[1]]);
    assert.equal(small.spec.nodeName, "worker-a-1");
    assert.doesNotMatch(JSON.stringify(small), /secret|managedFields|podIP|token-auth/);
  });

  it("leaves out pods that have ended", async () => {
    const ended: Raw = { ...pod({ name: "done" }), status: { phase: "Succeeded" } };
    const pods = [ended, pod({ name: "one" }), { ...ended, status: { phase: "Failed" } }];
    const { cluster } = await readCluster(sourceFrom({ "/api/v1/pods": pods }));
    assert.deepEqual(
      cluster.pods.map(({ metadata }) => metadata?.name),
      ["one"],
    );
  });

  it("is begun again when the server no longer knows the list, so that nothing is doubled", async () => {
    const pods = [1, 2, 3, 4, 5].map((number) => pod({ name: `pod-${number}` }));
    const expired = [new PagesExpired("410")];
    const source = sourceFrom({ "/api/v1/pods": pods }, { "/api/v1/pods": expired });
    const { cluster } = await readCluster(source);
    assert.equal(cluster.pods.length, 5);
    const always = Array.from({ length: 9 }, () => new PagesExpired("410"));
    await assert.rejects(
      readCluster(sourceFrom({ "/api/v1/pods": pods }, { "/api/v1/pods": always })),
      PagesExpired,
    );
  });

  it("says what it may not read, and refuses to judge without nodes and pods", async () => {
    const refusal = () => [new ReadRefused("forbidden")];
    const budgets = pathOf(readings.budgets);
    const { unknown } = await examine(sourceFrom({}, { [budgets]: refusal() }), {});
    assert.ok(unknown.includes("anything about poddisruptionbudgets: they may not be listed"));
    await assert.rejects(
      examine(sourceFrom({}, { "/api/v1/nodes": refusal() }), {}),
      /may not list nodes: give it the ClusterRole that `quorum doctor --role` prints/,
    );
  });

  it("is judged in one pass: five thousand pods of a thousand workloads", () => {
    const cluster = healthy((one) => {
      const on = ["worker-a-1", "worker-b-1", "worker-c-1", "worker-a-2", "worker-b-2"];
      for (let number = 0; number < 1000; number++) app(one, { name: `app-${number}`, on });
    });
    const { looked, findings } = diagnose(cluster);
    assert.deepEqual([looked.workloads, looked.pods], [1002, 5017]);
    // All of them ask for more than nine machines have; that is the only thing wrong.
    assert.deepEqual(
      findings.filter(({ rule }) => rule !== "capacity"),
      [],
    );
  });
});

describe("what the doctor says", () => {
  const diagnosis = diagnose(
    healthy((cluster) => {
      const annotations = { "quorum.dev/single-replica": "accepted" };
      app(cluster, { name: "one", on: ["worker-a-1"], budget: false });
      app(cluster, { name: "two", on: ["worker-a-1", "worker-b-1"], budget: false });
      app(cluster, { name: "tool", on: ["worker-a-1"], budget: false, annotations });
      cluster.zoneByAddress = {};
    }),
  );
  const nothing: Diagnosis = { ...diagnosis, findings: [], accepted: [], unknown: [] };

  it("ends with 1 on findings, 2 when something is not known, 0 when all is well", () => {
    assert.equal(exitCode(diagnosis), 1);
    assert.equal(exitCode({ ...nothing, unknown: ["x"] }), 2);
    assert.equal(exitCode({ ...nothing, accepted: diagnosis.accepted }), 0);
  });

  it("is what is, why and what to do, for a terminal", () =>
    assert.equal(
      text("demo", diagnosis),
      `demo: 9 nodes in 3 zones, 5 workloads, 21 pods, 0 webhooks

Would not survive, as things stand:
  Deployment team/one
    zone, node, drain: its only replica is on worker-a-1 in zone a [single-replica]
    fix: run two or more, or accept the outage: annotation quorum.dev/single-replica: accepted

Survives by luck:
  Deployment team/two
    drain: no disruption budget covers it: drains of several machines may take all 2 replicas at once [no-budget]
    fix: add a PodDisruptionBudget with maxUnavailable: 1 and unhealthyPodEvictionPolicy: AlwaysAllow

Accepted by an annotation:
  Deployment team/tool: its only replica is on worker-a-1 in zone a

Not known:
  in which zones the 3 etcd members are

2 findings: 1 as things stand, 1 by luck, 1 accepted, 1 not known`,
    ));

  it("says the same in Markdown, whatever names things have", () => {
    const report = markdown("demo", {
      ...diagnosis,
      findings: diagnosis.findings.map((one) => ({ ...one, subject: "Deployment a|b/<c>" })),
    });
    assert.match(
      report,
      /^\| Deployment a\\\|b\/\\<c\\> \| zone, node, drain \| its only replica/m,
    );
    assert.match(report, /^- in which zones the 3 etcd members are$/m);
  });

  it("calls a cluster well in which nothing was found", () =>
    assert.match(text("demo", nothing), /\n\nnothing found$/));
});

describe("the doctor on a real API server", function () {
  this.timeout(180_000);
  let server: ApiServer;

  before(async function () {
    if (apiServerPrograms() === undefined) {
      console.error("      NOT CHECKED: no kube-apiserver in the toolchain cache");
      this.skip();
    }
    server = await startApiServer(["quorum-test-doctor,doctor,doctor"]);
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: "worker-a" } };
    await server.call("POST", "/api/v1/nodes", node);
    await server.call("POST", "/api/v1/namespaces", { metadata: { name: "team" } });
    for (let number = 0; number < 7; number++)
      await server.call("POST", "/api/v1/namespaces/team/pods", {
        metadata: { name: `pod-${number}` },
        spec: { nodeName: "worker-a", containers: [{ name: "main", image: "main:1" }] },
      });
    await server.call("POST", "/apis/apps/v1/namespaces/team/deployments", {
      metadata: { name: "shop" },
      spec: {
        selector: { matchLabels: { app: "shop" } },
        template: {
          metadata: { labels: { app: "shop" } },
          spec: { containers: [{ name: "main", image: "main:1" }] },
        },
      },
    });
  });
  after(() => server?.stop());

  const source = async () => {
    const kubeconfig = server.kubeconfig.replace("quorum-test-admin", "quorum-test-doctor");
    return sourceOf(await apiClient({ kubeconfig }), new AbortController().signal);
  };

  it("is refused without its role, and reads all it needs with it alone", async () => {
    await assert.rejects(examine(await source(), {}), /may not list nodes and pods/);
    await server.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", role);
    await server.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
      metadata: { name: "doctor" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "quorum-doctor",
      },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "doctor" }],
    });
    // The server reads roles from a cache that follows.
    let diagnosis: Diagnosis | undefined;
    for (let tries = 0; diagnosis === undefined && tries < 50; tries++) {
      diagnosis = await examine(await source(), {}).catch(() => undefined);
      if (diagnosis === undefined) await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const rules = diagnosis?.findings.map(({ rule, subject }) => `${rule} ${subject}`);
    assert.ok(rules?.includes("single-replica Deployment team/shop"), `${rules}`);
    assert.equal(rules?.filter((one) => one.startsWith("bare-pod")).length, 7);
    assert.deepEqual(
      diagnosis?.unknown.filter((one) => one.includes("may not be listed")),
      [],
    );
  });

  it("reads the same in pages as at once", async () => {
    const client = await apiClient({ kubeconfig: server.kubeconfig });
    const names = async (limit: number) => {
      const pages: string[][] = [];
      const { signal } = new AbortController();
      for await (const page of client.pages("/api/v1/pods", limit, signal))
        pages.push(page.map(({ metadata }: Raw) => metadata.name));
      return pages;
    };
    const few = await names(3);
    assert.deepEqual(
      few.map(({ length }) => length),
      [3, 3, 1],
    );
    assert.deepEqual(few.flat(), (await names(500)).flat());
  });
});
