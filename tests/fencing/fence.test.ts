import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { nodeApi } from "../../cli/fence.ts";
import { apiClient } from "../../engine/embedded/providers/kubernetes/apiClient.ts";
import { offProof, type PowerAnswer, signsOfLife } from "../../fencing/decision.ts";
import { type FenceArgs, fence, unfence } from "../../fencing/fence.ts";
import { askController, askEc2, instanceOf } from "../../fencing/powerSources.ts";
import {
  type ApiServer,
  apiServerPrograms,
  startApiServer,
} from "../engine/providers/apiServer.ts";
import type { Raw } from "../support/fixtures.ts";
import { apiErrors } from "../support/kubernetesSchema.ts";

const role: Raw = parse(
  readFileSync(join(import.meta.dirname, "../../templates/fencing/clusterRole.yaml"), "utf8"),
);
const now = new Date("2026-01-01T12:00:00Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
const node = (ready: "True" | "Unknown"): Raw => ({
  metadata: { name: "worker-a" },
  status: { conditions: [{ type: "Ready", status: ready }] },
});
const lease = (seconds: number): Raw => ({
  spec: { renewTime: ago(seconds), leaseDurationSeconds: 20 },
});
const quiet = { node: node("Unknown"), lease: lease(300) };

describe("a sign of life", () => {
  const signs = (change: Partial<Parameters<typeof signsOfLife>[0]>) =>
    signsOfLife({ before: quiet, after: quiet, answeringPorts: [], now, ...change });

  it("is none of a node that has been silent for long", () => assert.deepEqual(signs({}), []));

  for (const [what, change, sign] of [
    ["a node that is Ready", { after: { ...quiet, node: node("True") } }, /^it is Ready$/],
    [
      "a node that was Ready a moment ago",
      { before: { ...quiet, node: node("True") } },
      /^it is Ready$/,
    ],
    [
      "a lease renewed meanwhile, however old a clock makes it",
      { after: { ...quiet, lease: lease(200) } },
      /renewed its lease while we looked/,
    ],
    [
      "a lease that still holds",
      { before: { ...quiet, lease: lease(15) }, after: { ...quiet, lease: lease(15) } },
      /its lease is 15 s old and holds for 20 s/,
    ],
    ["a machine that answers", { answeringPorts: [10250, 22] }, /it answers on port 22, 10250/],
  ] as const)
    it(`is ${what}`, () => assert.match(signs(change).join("\n"), sign));
});

describe("the proof that a machine is off", () => {
  const stopped: PowerAnswer = { who: "EC2", said: "stopped", isOff: true };
  const running: PowerAnswer = { who: "EC2", said: "running", isOff: false };

  it("is the answer of who can know, before a person's word", () => {
    assert.deepEqual(offProof([stopped], true), { who: "EC2", said: "stopped" });
    assert.deepEqual(offProof([], true), { who: "a person", said: "--confirm-off" });
  });
  it("is not silence, nor time", () =>
    assert.throws(
      () => offProof([], false),
      /nobody here can prove .* --confirm-off, which is your word/,
    ));
  it("is outweighed by anybody who says that it is on, also for a person's word", () => {
    assert.throws(() => offProof([running], true), /EC2 says "running": a machine that may be on/);
    assert.throws(() => offProof([stopped, running], false), /EC2 says "running"/);
  });
});

describe("who is asked about a machine's power", () => {
  let folder: string;
  const path = process.env.PATH;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-fence-"));
    process.env.PATH = `${folder}${delimiter}${path}`;
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });
  const program = (name: string, script: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  const instance = { id: "i-0abc123", region: "eu-west-1" };
  const machine = { host: "worker-a", address: "192.0.2.31", stack: "demo" };

  it("is EC2 for a node of EC2 alone, by its own number", () => {
    const of = (providerID: string) => instanceOf({ spec: { providerID } });
    assert.deepEqual(of("aws:///eu-west-1c/i-0abc123"), instance);
    assert.deepEqual(of("aws:///us-gov-west-1a/i-0f"), { id: "i-0f", region: "us-gov-west-1" });
    for (const other of ["", "gce://p/z/n", "aws:///eu-west-1c/fargate-x"])
      assert.equal(of(other), undefined);
  });

  for (const [state, isOff] of [
    ["stopped", true],
    ["terminated", true],
    ["running", false],
    ["stopping", false],
    ["shutting-down", false],
    ["", false],
  ] as const)
    it(`takes EC2's "${state}" for ${isOff ? "off" : "not off"}`, async () => {
      program("aws", `echo "$*" >${folder}/asked; echo "${state}"`);
      assert.deepEqual(await askEc2(instance), { who: "EC2", said: state, isOff });
      assert.match(
        readFileSync(join(folder, "asked"), "utf8"),
        /describe-instances --region eu-west-1 --instance-ids i-0abc123 --query/,
      );
    });

  it("takes an error or a missing client for no answer", async () => {
    program("aws", "echo InvalidInstanceID.NotFound >&2; exit 254");
    await assert.rejects(askEc2(instance), /aws gave no answer .*InvalidInstanceID\.NotFound/);
    process.env.PATH = folder;
    rmSync(join(folder, "aws"));
    await assert.rejects(askEc2(instance), /aws gave no answer .*it is not installed/);
  });

  it("is the stack's power controller about this machine, line by line", async () => {
    program("power", 'echo "worker-b off"; echo "$2 $1"');
    const config = { command: ["power", "off", "{host}"], off: "^{host} off$" };
    assert.deepEqual(await askController(config, machine, folder), {
      who: "the power controller",
      said: "worker-a off",
      isOff: true,
    });
    const on = { ...config, command: ["power", "on", "{host}"] };
    assert.deepEqual(await askController(on, machine, folder), {
      who: "the power controller",
      said: "worker-a on",
      isOff: false,
    });
  });

  it("gets host, address and stack as single words, whatever they hold", async () => {
    program("power", "printf '%s\\n' \"$@\"");
    const config = { command: ["power", "{host}@{address} of {stack}"], off: "^{host}@192" };
    const { said, isOff } = await askController(config, machine, folder);
    assert.deepEqual([said, isOff], ["worker-a@192.0.2.31 of demo", true]);
  });
});

describe("fencing on a real API server", function () {
  this.timeout(180_000);
  let server: ApiServer;
  let said: string[];

  before(async function () {
    if (apiServerPrograms() === undefined) {
      console.error("      NOT CHECKED: no kube-apiserver in the toolchain cache");
      this.skip();
    }
    server = await startApiServer(["quorum-test-fence,fence,fence"]);
    await server.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", role);
    await server.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
      metadata: { name: "fence" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "quorum-fence" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "fence" }],
    });
    await server
      .call("POST", "/api/v1/namespaces", { metadata: { name: "kube-node-lease" } })
      .catch(
        () => undefined, // the server may have made it
      );
  });
  after(() => server?.stop());

  const nodePath = "/api/v1/nodes/worker-a";
  const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
  const keepOut = { key: "example.com/keep-out", value: "yes", effect: "NoSchedule" };
  const status = (ready: "True" | "Unknown", bootID: string) =>
    server.call(
      "PATCH",
      `${nodePath}/status`,
      {
        status: {
          conditions: [{ type: "Ready", status: ready }],
          nodeInfo: { bootID },
        },
      },
      "application/merge-patch+json",
    );
  const renew = (seconds: number) =>
    server.call(
      "PATCH",
      `${leases}/worker-a`,
      {
        spec: {
          renewTime: new Date(Date.now() - seconds * 1000).toISOString().replace("Z", "000Z"),
        },
      },
      "application/merge-patch+json",
    );
  /** Without the one that the server gives every new node. */
  const others = ({ spec }: Raw) =>
    spec.taints.filter(({ key }: Raw) => key !== "node.kubernetes.io/not-ready");
  const taints = async () => others(await server.call("GET", nodePath));

  beforeEach(async () => {
    said = [];
    for (const path of [nodePath, `${leases}/worker-a`])
      await server.call("DELETE", path).catch(() => undefined);
    await server.call("POST", "/api/v1/nodes", {
      metadata: { name: "worker-a" },
      spec: { taints: [keepOut] },
    });
    await server.call("POST", leases, {
      metadata: { name: "worker-a" },
      spec: { holderIdentity: "worker-a", leaseDurationSeconds: 20 },
    });
    await status("Unknown", "first-boot");
    await renew(300);
  });

  const args = async (change: Partial<FenceArgs> = {}): Promise<FenceArgs> => {
    const kubeconfig = server.kubeconfig.replace("quorum-test-admin", "quorum-test-fence");
    return {
      api: nodeApi(await apiClient({ kubeconfig }), new AbortController().signal),
      nodeName: "worker-a",
      confirmed: true,
      askPower: async () => [],
      probe: async () => [],
      now: () => new Date(),
      say: (line) => said.push(line),
      watchSeconds: 0.2,
      releaseSeconds: 0,
      ...change,
    };
  };
  const untouched = async () => assert.deepEqual(await taints(), [keepOut]);

  it("asks for no more than its role, and taints as Kubernetes wants it, keeping other taints", async () => {
    assert.deepEqual(apiErrors(role), []);
    const proof = await fence(await args());
    assert.deepEqual(proof, { who: "a person", said: "--confirm-off" });
    const found = (await server.call("GET", nodePath)) as Raw;
    assert.deepEqual(
      others(found).map(({ timeAdded, ...taint }: Raw) => taint),
      [
        keepOut,
        { key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" },
      ],
    );
    assert.equal(found.metadata.annotations["quorum.dev/fenced-by"], "a person: --confirm-off");
    assert.deepEqual(said.slice(-2), [
      'worker-a is fenced: a person says "--confirm-off"',
      "its pods are released",
    ]);
    await assert.rejects(fence(await args()), /worker-a is fenced already/);
  });

  it("says which pods are not released yet; those of daemons stay", async () => {
    await server.call("POST", "/api/v1/namespaces", { metadata: { name: "team" } });
    const pod = (name: string, kind?: string) =>
      server.call("POST", "/api/v1/namespaces/team/pods", {
        metadata: {
          name,
          ...(kind === undefined
            ? {}
            : {
                ownerReferences: [
                  { apiVersion: "apps/v1", kind, name: "x", uid: "1", controller: true },
                ],
              }),
        },
        spec: { nodeName: "worker-a", containers: [{ name: "main", image: "main:1" }] },
      });
    await pod("ledger-0", "StatefulSet");
    await pod("agent-1", "DaemonSet");
    await fence(await args());
    assert.match(said.at(-1) ?? "", /^still to be released: 1 of its pods/);
    for (const name of ["ledger-0", "agent-1"])
      await server.call("DELETE", `/api/v1/namespaces/team/pods/${name}?gracePeriodSeconds=0`);
  });

  it("refuses a node that is Ready, before it asks anybody", async () => {
    await status("True", "first-boot");
    const askPower = () => Promise.reject(new Error("asked"));
    await assert.rejects(fence(await args({ askPower })), /not fenced: it is Ready/);
    await untouched();
  });

  it("refuses a node whose lease is fresh, whatever is said", async () => {
    await renew(2);
    await assert.rejects(fence(await args()), /its lease is \d+ s old and holds for 20 s/);
    await untouched();
  });

  it("refuses a node that renews its lease meanwhile, with a clock far away from ours", async () => {
    const probe = async () => {
      await renew(250);
      return [];
    };
    await assert.rejects(fence(await args({ probe })), /it renewed its lease while we looked/);
    await untouched();
  });

  it("refuses a machine that answers, and one that its cloud calls running", async () => {
    await assert.rejects(
      fence(await args({ probe: async () => [22] })),
      /it answers on port 22\. A machine that is on/,
    );
    const running = async () => [{ who: "EC2", said: "running", isOff: false }];
    await assert.rejects(fence(await args({ askPower: running })), /EC2 says "running"/);
    await untouched();
  });

  it("refuses without a proof, however long the node has been silent", async () => {
    await renew(1_000_000);
    await assert.rejects(fence(await args({ confirmed: false })), /nobody here can prove/);
    await untouched();
  });

  it("takes a person's word where who could know gives no answer, and nobody else's", async () => {
    const askPower = () => Promise.reject(new Error("ipmitool gave no answer"));
    await assert.rejects(fence(await args({ confirmed: false, askPower })), /gave no answer/);
    await untouched();
    await fence(await args({ askPower }));
    assert.ok(said.includes("ipmitool gave no answer; your word counts"));
  });

  it("needs no word where the cloud has the proof", async () => {
    const stopped = async () => [{ who: "EC2", said: "stopped", isOff: true }];
    const proof = await fence(await args({ confirmed: false, askPower: stopped }));
    assert.deepEqual(proof, { who: "EC2", said: "stopped" });
    assert.equal((await taints()).length, 2);
  });

  it("changes nothing when the node changed since it was looked at", async () => {
    const askPower = async () => {
      await status("True", "second-boot");
      return [];
    };
    await assert.rejects(fence(await args({ askPower })), /has been modified/);
    await untouched();
  });

  it("names a node that is not there", async () =>
    assert.rejects(
      fence(await args({ nodeName: "worker-x" })),
      /the cluster has no node worker-x/,
    ));

  it("lets a machine that came back serve again, other taints kept, and not before it is Ready", async () => {
    await fence(await args());
    await assert.rejects(unfence(await args()), /worker-a is not Ready, so it stays fenced/);
    await status("True", "second-boot");
    assert.equal(await unfence(await args()), false);
    await untouched();
    const { metadata } = (await server.call("GET", nodePath)) as Raw;
    assert.equal(metadata.annotations?.["quorum.dev/fenced-by"], undefined);
    await assert.rejects(unfence(await args()), /worker-a is not fenced/);
  });

  it("tells of a machine that had never been off", async () => {
    await fence(await args());
    await status("True", "first-boot");
    assert.equal(await unfence(await args()), true);
  });
});
