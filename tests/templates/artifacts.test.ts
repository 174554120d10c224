import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs, run } from "../support/tools.ts";

const script = join(import.meta.dirname, "../../templates/artifacts/artifacts.sh");
const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

describe("fetching artifacts on a machine", () => {
  let root: string;
  const path = (name: string) => join(root, name);
  const fetchAll = (...lines: string[]) => {
    writeFileSync(path("list"), lines.map((line) => `${line}\n`).join(""));
    return run("bash", [script], {
      env: { QUORUM_MACHINE_STATE: path("state"), QUORUM_ARTIFACTS: path("list") },
    });
  };

  beforeEach(function () {
    needs(this, "curl");
    root = mkdtempSync(join(tmpdir(), "quorum-artifacts-"));
    mkdirSync(path("source/bin"), { recursive: true });
    writeFileSync(path("source/bin/one"), "first\n");
    writeFileSync(path("source/bin/two"), "second\n");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("puts programs and members of archives in place, executable, and fetches nothing twice", () => {
    run("tar", ["-czf", path("all.tgz"), "-C", path("source"), "bin"]);
    const one = path("source/bin/one");
    const list = [
      `${sha256(one)} file://${one} ${path("usr/one")}`,
      `${sha256(path("all.tgz"))} file://${path("all.tgz")} ${path("opt")} bin/two`,
    ];
    const first = fetchAll(...list);
    assert.equal(first.status, 0, first.error);
    assert.equal(readFileSync(path("usr/one"), "utf8"), "first\n");
    assert.equal(readFileSync(path("opt/two"), "utf8"), "second\n");
    assert.equal(statSync(path("opt/two")).mode & 0o777, 0o755);
    assert.ok(!existsSync(path("opt/one")));
    rmSync(path("source"), { recursive: true });
    assert.equal(fetchAll(...list).status, 0);
  });

  it("puts nothing in place that is not what was vouched for", () => {
    const one = path("source/bin/one");
    const result = fetchAll(`${"0".repeat(64)} file://${one} ${path("usr/one")}`);
    assert.equal(result.status, 1);
    assert.match(result.error, /is not what was vouched for/);
    assert.ok(!existsSync(path("usr/one")));
  });

  it("says which file it could not get", () => {
    const result = fetchAll(`${"0".repeat(64)} file:///nowhere/one ${path("usr/one")}`);
    assert.equal(result.status, 1);
    assert.match(result.error, /^cannot fetch file:\/\/\/nowhere\/one$/m);
  });
});
