import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { commandLine, type RemoteMachine, type RunOptions } from "../../recovery/remoteMachine.ts";
import { type RestoreOptions, restore } from "../../recovery/restore.ts";
import { chosenSnapshot, localSnapshot } from "../../recovery/snapshotSource.ts";
import { readTemplates } from "../../templates/read.ts";
import { run } from "../support/tools.ts";

const templates = readTemplates();
const nameOf = new Map(
  [...templates]
    .filter(([path]) => path.startsWith("restore/"))
    .map(([path, text]) => [text, path.slice("restore/".length, -".sh".length)]),
);

interface Call {
  machine: string;
  script: string;
  env: RunOptions["env"];
}

/** Machines that note what they are told; `answers` by script, `failing` by "machine script". */
function cluster(answers: Record<string, string> = {}, failing = "") {
  const calls: Call[] = [];
  const machine = (name: string): RemoteMachine => ({
    name,
    address: "192.0.2.1",
    async run(text, { env, stdin } = {}) {
      stdin?.resume();
      const script = nameOf.get(text) ?? "unknown";
      calls.push({ machine: name, script, env });
      if (failing === `${name} ${script}`) throw new Error(`${name}: it broke`);
      return answers[`${name} ${script}`] ?? answers[script] ?? "";
    },
    async read() {
      return Readable.from(["content of ", name]);
    },
    close() {},
  });
  const targets = {
    clusterName: "demo",
    members: ["etcd-a", "etcd-b", "etcd-c"].map(machine),
    controlPlanes: ["control-a", "control-b"].map(machine),
    workers: [machine("worker-a")],
    apiServerPort: 6443,
  };
  return { calls, targets };
}

describe("restore", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-restore-test-"));
    writeFileSync(join(folder, "snapshot.db"), "snapshot");
  });
  after(() => rmSync(folder, { recursive: true }));

  const options = (targets: RestoreOptions["targets"], other: Partial<RestoreOptions> = {}) => ({
    targets,
    templates,
    snapshot: localSnapshot("a file", join(folder, "snapshot.db"), "abc", () => {}),
    now: new Date("2026-11-24T12:00:00Z"),
    confirm: async () => true,
    say() {},
    ...other,
  });
  const order = (calls: Call[]) => [...new Set(calls.map(({ script }) => script))];

  it("stops every apiserver before etcd, and starts them when all members are healthy", async () => {
    const { calls, targets } = cluster({ inspectSnapshot: "812", settleCluster: "900" });
    const result = await restore(options(targets));
    assert.deepEqual(order(calls), [
      "look",
      "receiveSnapshot",
      "inspectSnapshot",
      "stopControlPlane",
      "stopMember",
      "restoreMember",
      "startMember",
      "settleCluster",
      "startControlPlane",
      "restartKubelet",
      "verify",
      "finishMember",
    ]);
    assert.deepEqual(result.revisions, { snapshot: "812", now: "900" });
  });

  it("restores all members to one new cluster with one revision", async () => {
    const { calls, targets } = cluster();
    await restore(options(targets));
    const jobs = calls.filter(({ script }) => script === "restoreMember");
    assert.deepEqual(jobs.map(({ machine }) => machine).sort(), ["etcd-a", "etcd-b", "etcd-c"]);
    const [first] = jobs;
    for (const { env } of jobs) assert.deepEqual(env, first?.env);
    assert.equal(first?.env?.TOKEN, "demo-restored-1795521600");
  });

  it("ends a later restore above an earlier one, also of an older snapshot", async () => {
    const bump = async (time: string) => {
      const { calls, targets } = cluster();
      await restore(options(targets, { now: new Date(time) }));
      return Number(calls.find(({ script }) => script === "restoreMember")?.env?.BUMP);
    };
    const first = await bump("2026-11-24T12:00:00Z");
    assert.ok(first > 1_000_000_000);
    assert.equal((await bump("2026-11-24T12:10:00Z")) - first, 600 * 2000);
  });

  it("carries on an interrupted restore of the same snapshot under its token", async () => {
    const { calls, targets } = cluster({ "etcd-b look": "demo-restored-17 abc restored" });
    let told: string[] = [];
    const confirm = async (lines: string[]) => {
      told = lines;
      return true;
    };
    await restore(options(targets, { confirm }));
    for (const { env } of calls.filter(({ script }) => script === "restoreMember")) {
      assert.equal(env?.TOKEN, "demo-restored-17");
      assert.equal(env?.BUMP, 34_000);
    }
    assert.ok(told.some((line) => line.includes("interrupted")));
  });

  for (const [why, note] of [
    ["another snapshot", "demo-restored-17 fff restored"],
    ["a restore that is done", "demo-restored-17 abc done"],
  ]) {
    it(`does not take up the token of ${why}`, async () => {
      const { calls, targets } = cluster({ look: note ?? "" });
      await restore(options(targets));
      const job = calls.find(({ script }) => script === "restoreMember");
      assert.equal(job?.env?.TOKEN, "demo-restored-1795521600");
    });
  }

  it("changes nothing when the answer is no", async () => {
    const { calls, targets } = cluster();
    const result = await restore(options(targets, { confirm: async () => false }));
    assert.equal(result.restored, false);
    assert.deepEqual(order(calls), ["look", "receiveSnapshot", "inspectSnapshot"]);
  });

  it("goes no further when one machine fails, and names it", async () => {
    const { calls, targets } = cluster({}, "etcd-b restoreMember");
    await assert.rejects(restore(options(targets)), /^Error: etcd-b: it broke$/);
    assert.ok(!order(calls).includes("startMember"));
    const restored = calls.filter(({ script }) => script === "restoreMember");
    assert.equal(restored.length, 3, "the others finish what they have begun");
  });

  it("takes the newest snapshot of all control planes, and cleans its copy away", async () => {
    const { targets } = cluster({
      "control-a listSnapshots":
        "/s/etcd-20261124T100000Z-rev9.db\n/s/etcd-20261124T110000Z-rev5.db",
      "control-b listSnapshots": "/s/etcd-20261124T103000Z-rev7.db",
    });
    const snapshot = await chosenSnapshot("latest", targets.controlPlanes, templates);
    assert.equal(snapshot.origin, "control-a:/s/etcd-20261124T110000Z-rev5.db");
    const expected = run("sha256sum", [], { input: "content of control-a" }).output.slice(0, 64);
    assert.equal(snapshot.sha256, expected);
    snapshot.discard();
    await assert.rejects(chosenSnapshot(snapshot.file, [], templates), /there is no such file/);
  });

  it("says so when there is no snapshot", async () => {
    const { targets } = cluster();
    await assert.rejects(
      chosenSnapshot("latest", targets.controlPlanes, templates),
      /no control plane has a snapshot: give --from FILE/,
    );
  });

  it("hands any script and any value over to a shell as they are", () => {
    const value = `it's "$HOME" \`id\` \\ and more`;
    const line = commandLine(`printf %s "$VALUE"; echo " '$((1 + 1))'"`, { VALUE: value }, false);
    assert.equal(run("sh", ["-c", line]).output, `${value} '2'\n`);
  });
});
