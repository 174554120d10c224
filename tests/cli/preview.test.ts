import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PreviewJson } from "../../engine/display/previewJson.ts";

const root = path.join(import.meta.dirname, "..", "..");
const programs = path.join(root, "tests", "engine", "programs");

describe("quorum on the command line", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  function quorum(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return spawnSync(
      path.join(root, "bin", "quorum"),
      [...args, "--engine", "embedded", "--stack", "test", "-C", path.join(programs, program)],
      {
        encoding: "utf8",
        input: "",
        env: {
          ...process.env,
          QUORUM_STATE_DIR: path.join(folder, "state"),
          PULUMI_CONFIG_PASSPHRASE: "test",
          NO_COLOR: "1",
          ...env,
        },
      },
    );
  }

  it("the JSON of a preview has as many steps as the tree has rows", () => {
    const json = quorum("basic", ["preview", "--json"]);
    assert.equal(json.status, 0, json.stderr);
    const { steps = [] } = JSON.parse(json.stdout) as PreviewJson;
    const tree = quorum("basic", ["preview"]);
    const rows = tree.stdout.split("\n").filter((line) => /^ \+ {3}\S/.test(line));
    assert.equal(rows.length, steps.length, tree.stdout);
    assert.match(tree.stdout, new RegExp(`\\+ ${steps.length} to create`));

    const saved = path.join(folder, "saved.json");
    writeFileSync(saved, json.stdout.replace('"10.0.1.0/24"', '"10.0.9.0/24"'));
    const compared = quorum("basic", ["preview", "--against", saved, "--json"]);
    assert.equal(compared.status, 0, compared.stderr);
    const changes = JSON.parse(compared.stdout) as PreviewJson;
    assert.deepEqual(changes.changeSummary, { same: 7, update: 1 });
    const update = changes.steps?.find(({ op }) => op === "update");
    assert.deepEqual(update?.detailedDiff, { cidrBlock: { kind: "update", inputDiff: true } });

    const comment = quorum("basic", ["preview", "--against", saved, "--markdown"]);
    assert.match(comment.stdout, /\*\*1\*\* to update/);
    assert.match(comment.stdout, /`cidrBlock`: `"10\.0\.9\.0\/24"` → `"10\.0\.1\.0\/24"`/);
  });

  it("compares with a revision of the repository and cleans up after itself", () => {
    const compared = quorum("basic", ["preview", "--against", "HEAD", "--json"]);
    assert.equal(compared.status, 0, compared.stderr);
    const { changeSummary = {} } = JSON.parse(compared.stdout) as PreviewJson;
    assert.equal(
      Object.values(changeSummary).reduce((sum, count) => sum + count, 0),
      8,
    );
    const worktrees = spawnSync("git", ["-C", root, "worktree", "list"], { encoding: "utf8" });
    assert.doesNotMatch(worktrees.stdout, /quorum-revision-/);
  });

  it("a program error shows its stack trace and sets the exit code", () => {
    const failed = quorum("things", ["preview"], { THINGS_FAIL: "throw" });
    assert.equal(failed.status, 1);
    assert.match(failed.stdout, /the program is broken[\s\S]*index\.ts:\d+:\d+/);
  });

  it("refuses kinds that need the cloud before any change, and names them", () => {
    const refused = quorum("basic", ["up", "--yes"]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /cannot apply these kinds:[\s\S]*aws:ec2\/vpc:Vpc \(1\)/);
    assert.match(refused.stderr, /eks:index:Cluster \(1\)/);
    assert.match(refused.stderr, /Nothing was changed\. Install the Pulumi CLI/);
  });

  it("does not apply without --yes where nobody can be asked", () => {
    const refused = quorum("keys", ["up"]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /pass --yes/);
  });

  it("asks for a passphrase before it starts anything", () => {
    const refused = quorum("keys", ["up", "--yes"], { PULUMI_CONFIG_PASSPHRASE: undefined });
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /set PULUMI_CONFIG_PASSPHRASE/);
    assert.equal(refused.stdout, "");
  });

  it("a stack that does not exist is named", () => {
    const refused = spawnSync(
      path.join(root, "bin", "quorum"),
      ["preview", "--engine", "embedded", "--stack", "nowhere", "-C", path.join(programs, "basic")],
      { encoding: "utf8" },
    );
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /no stack named "nowhere"/);
  });
});
