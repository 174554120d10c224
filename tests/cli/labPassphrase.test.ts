import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { useLabPassphrase } from "../../cli/labPassphrase.ts";

describe("passphrase of a lab's stack", () => {
  const labs = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
  const file = path.join(labs, "mine", "passphrase");
  const labsBefore = process.env.QUORUM_LABS_DIR;
  before(() => {
    process.env.QUORUM_LABS_DIR = labs;
    mkdirSync(path.dirname(file));
    writeFileSync(file, "secret\n");
  });
  after(() => {
    if (labsBefore === undefined) delete process.env.QUORUM_LABS_DIR;
    else process.env.QUORUM_LABS_DIR = labsBefore;
    rmSync(labs, { recursive: true });
  });

  const given = (stack: string, env: NodeJS.ProcessEnv) => {
    useLabPassphrase(stack, env);
    return env;
  };

  it("is found where the lab is on this computer", () => {
    assert.deepEqual(given("mine", {}), { PULUMI_CONFIG_PASSPHRASE_FILE: file });
  });

  it("stays out of the way of other stacks and of a passphrase that is given", () => {
    assert.deepEqual(given("prod", {}), {});
    for (const env of [{ PULUMI_CONFIG_PASSPHRASE: "" }, { PULUMI_CONFIG_PASSPHRASE_FILE: "/x" }])
      assert.deepEqual(given("mine", { ...env }), env);
  });
});
