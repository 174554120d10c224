import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { hostsPlan } from "../support/plannedGraph.ts";

const root = path.join(import.meta.dirname, "..", "..");

describe("scripts of the comment", function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A program on PATH that is a few lines of shell. */
  function fake(name: string, lines: string): void {
    const file = path.join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${lines}\n`);
    chmodSync(file, 0o755);
  }

  function script(name: string, ...args: string[]) {
    return spawnSync(path.join(root, "scripts", name), args, {
      encoding: "utf8",
      env: {
        ...process.env,
        PATH: `${folder}:${process.env.PATH}`,
        GITHUB_REPOSITORY: "o/r",
        NO_COLOR: "1",
      },
    });
  }

  describe("upsert-comment.sh", () => {
    /** A code host that keeps one comment in a file, and notes how it was changed. */
    const host = (): void =>
      fake(
        "gh",
        `echo "$*" >>${folder}/asked
for argument in "$@"; do case $argument in body=@*) cp "\${argument#body=@}" ${folder}/comment ;; esac; done
case "$*" in *--paginate*) if [ -f ${folder}/comment ] && [ "$(head -n 1 ${folder}/comment)" = "$MARKER" ]; then echo 7; fi ;; esac`,
      );

    it("writes one comment, and the same one again", () => {
      host();
      const body = path.join(folder, "body.md");
      for (const text of ["first", "second"]) {
        writeFileSync(body, `<!-- quorum: preview and proof -->\n${text}\n`);
        const { status, stderr } = script("upsert-comment.sh", "12", body);
        assert.equal(status, 0, stderr);
        assert.match(readFileSync(path.join(folder, "comment"), "utf8"), new RegExp(text));
      }
      const asked = readFileSync(path.join(folder, "asked"), "utf8");
      assert.equal(asked.match(/--method POST repos\/o\/r\/issues\/12\/comments/g)?.length, 1);
      assert.equal(asked.match(/--method PATCH repos\/o\/r\/issues\/comments\/7/g)?.length, 1);
    });

    it("cuts what the code host would refuse, and refuses what is no number", () => {
      host();
      const body = path.join(folder, "body.md");
      writeFileSync(body, `<!-- marker -->\n${"x".repeat(70_000)}\n`);
      assert.equal(script("upsert-comment.sh", "12", body).status, 0);
      const { length } = readFileSync(path.join(folder, "comment"), "utf8");
      assert.ok(length > 60_000 && length < 65_536, `${length}`);
      assert.equal(script("upsert-comment.sh", "12; true", body).status, 2);
    });
  });

  describe("cloud-comment.sh", () => {
    const cli = (preview: object, code = 0): void => {
      writeFileSync(path.join(folder, "preview.json"), JSON.stringify(preview));
      fake("pulumi", `echo "$*" >${folder}/asked; cat ${folder}/preview.json; exit ${code}`);
    };

    it("shows what the CLI plans for what stands, and the proof of it", () => {
      const plan = hostsPlan();
      plan.remove("balancer-2");
      cli(plan.preview());
      const { status, stdout, stderr } = script("cloud-comment.sh", "acme/prod");
      assert.equal(status, 1, stderr);
      assert.match(readFileSync(path.join(folder, "asked"), "utf8"), /--stack acme\/prod --json/);
      assert.match(stdout, /^## `prod` as it really stands\n\n### 🔴 Proof of stack `prod`/);
      assert.match(stdout, /\*\*api-path\*\*: losing machine balancer-1/);
      assert.match(stdout, /### Preview of `prod`\n\n\*\*\d+\*\* to create/);
      assert.doesNotMatch(stdout, /^<!--/m);
    });

    it("says why where the CLI has no plan, and leaves nothing behind", () => {
      cli({ diagnostics: [{ message: "no such stack" }] }, 255);
      const { status, stdout } = script("cloud-comment.sh", "acme/prod");
      assert.equal(status, 1);
      assert.match(stdout, /The preview fails:\n\n```[\s\S]*no such stack[\s\S]*```/);
      assert.equal(existsSync(path.join(root, "preview.json")), false);
    });
  });
});
