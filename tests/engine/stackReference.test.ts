import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StackSecrets } from "../../engine/embedded/secrets.ts";
import { stackOutputsFrom } from "../../engine/embedded/stackReference.ts";

describe("outputs of other stacks", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-outputs-"));
    writeFileSync(join(folder, "hybrid.json"), '{ "endpoint": "https://api:6443" }');
    writeFileSync(join(folder, "torn.json"), '{ "endpoint": ');
  });
  after(() => rmSync(folder, { recursive: true }));
  const read = (name: string, given = folder) => {
    const env = { QUORUM_STATE_DIR: join(folder, "state"), QUORUM_STACK_OUTPUTS: given };
    return stackOutputsFrom(env, "quorum", new StackSecrets(env))(name);
  };

  it("come from the folder that was given, by the stack's name", async () => {
    const expected = { endpoint: "https://api:6443" };
    assert.deepEqual(await read("hybrid"), expected);
    assert.deepEqual(await read("organization/quorum/hybrid"), expected);
  });

  it("are none where no file and no state has them, or no folder was given", async () => {
    assert.equal(await read("other"), undefined);
    assert.equal(await read("hybrid", ""), undefined);
  });

  it("are an error where their file cannot be read, not a silence", () =>
    assert.rejects(read("torn"), /torn\.json cannot be read as outputs of a stack/));

  it("come from no other folder, whatever the name says", async () => {
    assert.equal(await read("../hybrid"), undefined);
    assert.equal(await read("organization/quorum/..hybrid"), undefined);
  });
});
