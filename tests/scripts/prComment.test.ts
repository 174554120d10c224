import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { copyOfProject } from "../support/copyOfProject.ts";

/** Lines that a reader sees before unfolding anything. */
function visible(comment: string): string[] {
  return comment
    .replaceAll(/<details>(<summary>.*<\/summary>)[\s\S]*?<\/details>/g, "$1")
    .split("\n");
}

describe("the comment on a pull request", function () {
  this.timeout(180_000);
  let folder: string;

  before(() => {
    folder = copyOfProject();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function commentOf(stack: string, change: (text: string) => string) {
    const file = path.join(folder, `Pulumi.${stack}.yaml`);
    const before = readFileSync(file, "utf8");
    const after = change(before);
    assert.notEqual(after, before);
    writeFileSync(file, after);
    const result = spawnSync(path.join(folder, "scripts", "pr-comment.sh"), ["HEAD", stack], {
      encoding: "utf8",
      env: { ...process.env, QUORUM_ENGINE: "embedded" },
    });
    writeFileSync(file, before);
    return result;
  }

  for (const stack of ["prod", "hybrid"])
    it(`shows on one screen what moving a pool of ${stack} to one zone changes, breaks, and why`, () => {
      const { status, stdout, stderr } = commentOf(stack, (text) => {
        const zone = /zones: \[([\w-]+)/.exec(text)?.[1] ?? "";
        return text.replace(/^( +)minNodes: 4$/m, `$1zones: [${zone}]\n$&`);
      });
      assert.equal(status, 1, stderr);
      const lines = visible(stdout);
      assert.ok(lines.length <= 40, `${lines.length} lines:\n${lines.join("\n")}`);
      const shown = lines.join("\n");
      assert.match(shown, /^<!-- quorum: preview and proof -->\n### 🔴 Proof of stack/);
      assert.match(shown, /\*\*capacity\*\*.*: losing .*\n {2}Fix: .*/);
      assert.match(shown, /\*\*dns\*\* \(holds today\): losing machine /);
      // Only the two other zones' groups go, each in one row with all that belongs to it.
      const rows = lines.filter((line) => line.startsWith("| delete |"));
      assert.equal(rows.length, 2, shown);
      for (const row of rows) assert.match(row, /general-[\w-]+[bc]` \| with \d/);
      assert.match(stdout, /<summary>Every resource<\/summary>[\s\S]*general-[\w-]+c/);
    });

  it("says what is wrong with a stack that does not preview", () => {
    const { status, stdout } = commentOf("prod", (text) => text.replace("minNodes", "minNode"));
    assert.equal(status, 1);
    assert.match(stdout, /### 🔴 Stack `prod` does not preview/);
    assert.match(stdout, /did you mean "minNodes"\?/);
  });
});
