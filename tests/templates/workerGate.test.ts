import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../support/tools.ts";

const gate = join(import.meta.dirname, "../../templates/workers/workerGate.sh");

describe("a worker that is about to be changed", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "quorum-gate-"));
    program("kubelet", "echo Kubernetes v1.36.10");
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const program = (name: string, script: string) => {
    writeFileSync(join(dir, name), `#!/bin/bash\n${script}\n`);
    chmodSync(join(dir, name), 0o755);
  };
  const passes = (waitSeconds: number) =>
    run("bash", [gate], {
      env: { PATH: `${dir}:${process.env.PATH}`, QUORUM_WAIT_SECONDS: `${waitSeconds}` },
    });

  it("goes on at once when every control plane is of its release or a newer one", () => {
    program("kubectl", "printf 'control-a v1.36.10\\ncontrol-b v1.37.0\\n'");
    assert.equal(passes(0).status, 0);
  });

  it("waits until the last control plane has its release", () => {
    program(
      "kubectl",
      `echo call >>${dir}/calls
       if [ "$(wc -l <${dir}/calls)" -ge 2 ]; then b=v1.36.10; else b=v1.36.9; fi
       printf 'control-a v1.36.10\\ncontrol-b %s\\n' "$b"`,
    );
    assert.equal(passes(15).status, 0);
  });

  it("stays as it is beside an older control plane, and names it", () => {
    program("kubectl", "printf 'control-a v1.36.10\\ncontrol-b v1.36.9\\n'");
    const { status, error } = passes(0);
    assert.equal(status, 1);
    assert.match(
      error,
      /^not changed: control plane control-b is of v1\.36\.9, older than v1\.36\.10/,
    );
  });

  it("stays as it is when the API does not tell", () => {
    program("kubectl", "exit 1");
    const { status, error } = passes(0);
    assert.equal(status, 1);
    assert.match(error, /not changed: the API does not tell/);
  });
});
