import assert from "node:assert/strict";
import { join } from "node:path";
import { readTemplates } from "../../templates/read.ts";
import { needs, run } from "../support/tools.ts";

const root = join(import.meta.dirname, "../..");
const folders = ["pki", "etcd", "lb", "restore"];

describe("scripts for etcd, certificates, load balancers and restore", () => {
  const scripts = [...readTemplates().keys()].filter(
    (path) => folders.includes(path.split("/")[0] ?? "") && path.endsWith(".sh"),
  );

  it("pass shellcheck without a word", function () {
    needs(this, "shellcheck");
    this.timeout(120_000);
    assert.ok(scripts.length > 20);
    const files = scripts.map((path) => join("templates", path));
    const { status, output } = run("sh", ["-c", `cd ${root} && shellcheck -x ${files.join(" ")}`], {
      timeoutSeconds: 110,
    });
    assert.equal(status, 0, output);
  });

  it("use only what the smallest machine has: no curl, jq, socat, python or pgrep", () => {
    for (const path of scripts) {
      const text = readTemplates().get(path) ?? "";
      assert.doesNotMatch(
        text,
        /^[^#\n]*\b(curl|jq|socat|python3?|perl|pkill|pgrep|wget)\b/m,
        path,
      );
    }
  });
});
