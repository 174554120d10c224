import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { hostsPlan, type Plan } from "../support/plannedGraph.ts";

const root = path.join(import.meta.dirname, "..", "..");

describe("what the Pulumi CLI is asked to do", function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
    const lines = [
      "#!/bin/sh",
      `echo "$*" >>${folder}/asked`,
      `if [ -f ${folder}/broken ]; then cat ${folder}/broken; exit 255; fi`,
      `command -v node >${folder}/node`,
      `case $1 in preview) cat ${folder}/preview.json ;; stack) cat ${folder}/export.json ;; esac`,
    ];
    writeFileSync(path.join(folder, "pulumi"), `${lines.join("\n")}\n`);
    chmodSync(path.join(folder, "pulumi"), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function quorum(args: readonly string[]) {
    const all = [...args, "--yes", "--engine", "pulumi", "--stack", "prod"];
    const result = spawnSync(path.join(root, "bin", "quorum"), all, {
      encoding: "utf8",
      env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, NO_COLOR: "1" },
    });
    const file = path.join(folder, "asked");
    const asked = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return { ...result, asked };
  }

  function planned(plan: Plan): void {
    writeFileSync(path.join(folder, "preview.json"), JSON.stringify(plan.preview()));
  }

  it("up comes after a preview that was judged", () => {
    planned(hostsPlan());
    const { status, asked, stderr } = quorum(["up"]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(asked, [
      "preview --stack prod --json --show-sames",
      "up --stack prod --parallel 16 --yes",
    ]);
  });

  it("up is never asked for where the plan is refused, unless by name", () => {
    const plan = hostsPlan();
    plan.remove("balancer-2");
    planned(plan);
    const refused = quorum(["up"]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /refused, nothing was changed:\n {2}proof: api-path is refuted/);
    assert.deepEqual(refused.asked, ["preview --stack prod --json --show-sames"]);
    const allowed = quorum(["up", "--allow", "proof:api-path"]);
    assert.equal(allowed.status, 0, allowed.stderr);
    assert.match(allowed.stderr, /allowed \(--allow proof:api-path\)/);
    assert.equal(allowed.asked.at(-1), "up --stack prod --parallel 16 --yes");
  });

  it("programs run on the pinned Node, whatever the system has", () => {
    planned(hostsPlan());
    assert.equal(quorum(["up"]).status, 0);
    const used = readFileSync(path.join(folder, "node"), "utf8").trim();
    assert.equal(realpathSync(used), realpathSync(process.execPath));
  });

  it("what is wrong with a program is said, though the CLI puts it into its JSON", () => {
    const diagnostics = [
      { severity: "error", message: "error: no such zone\n" },
      { severity: "info", message: "by the way" },
    ];
    writeFileSync(path.join(folder, "broken"), JSON.stringify({ steps: [], diagnostics }));
    const { status, stderr } = quorum(["up"]);
    assert.equal(status, 1);
    assert.match(stderr, /ended with exit code 255\nerror: no such zone\n$/);
  });

  it("destroy is never asked for where data would go, unless by name", () => {
    const key = { urn: "urn:pulumi:prod::q::aws:kms/key:Key::k", type: "aws:kms/key:Key" };
    writeFileSync(
      path.join(folder, "export.json"),
      JSON.stringify({ version: 3, deployment: { resources: [key] } }),
    );
    const refused = quorum(["destroy"]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /data: .*aws:kms\/key:Key k/);
    assert.deepEqual(refused.asked, ["stack export --stack prod"]);
    const allowed = quorum(["destroy", "--allow", "data:k"]);
    assert.equal(allowed.status, 0, allowed.stderr);
    assert.equal(allowed.asked.at(-1), "destroy --stack prod --parallel 16 --yes");
  });
});
