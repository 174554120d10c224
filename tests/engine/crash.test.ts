import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ThingSpec } from "./support/directProgram.ts";
import { operations, TestStack } from "./support/engineRun.ts";

const crashingRun = path.join(import.meta.dirname, "support", "crashingRun.ts");

/** Runs the specs and kills the engine at its n-th moment. True when it came to be killed. */
function runAndKill(folder: string, specs: readonly ThingSpec[], killAt: number): boolean {
  const run = spawnSync(
    process.execPath,
    [crashingRun, folder, JSON.stringify(specs), String(killAt)],
    { encoding: "utf8", timeout: 600_000 },
  );
  if (run.signal === "SIGKILL") return true;
  assert.equal(run.status, 0, run.stderr);
  return false;
}

/** Asserts that the world holds each of `texts` once, that the state knows it, and that all is done. */
async function assertWhole(
  stack: TestStack,
  specs: readonly ThingSpec[],
  texts: string[],
  where: string,
) {
  const entries = await stack.entries();
  const found = entries.map(({ inputs }) => String(inputs.text)).toSorted();
  assert.deepEqual(found, texts.toSorted(), `${where}: what exists`);
  const { resources, pendingOperations } = await stack.state();
  const ids = resources.filter(({ type }) => type.startsWith("test:")).map(({ id }) => id);
  assert.deepEqual(ids.toSorted(), entries.map(({ id }) => id).toSorted(), `${where}: ids`);
  assert.deepEqual(pendingOperations, [], `${where}: pending operations`);
  const again = await stack.up(specs);
  assert.ok(
    operations(again.steps).every((operation) => operation.startsWith("same")),
    `${where}: ${operations(again.steps)}`,
  );
}

describe("embedded engine: kill -9 at every moment, then the same command", function () {
  this.timeout(900_000);

  async function killEverywhere(
    prepared: readonly ThingSpec[],
    specs: readonly ThingSpec[],
    texts: string[],
  ): Promise<number> {
    const base = await TestStack.create();
    await base.up(prepared);
    let killAt = 1;
    for (; ; killAt++) {
      const folder = await mkdtemp(path.join(tmpdir(), "quorum-test-"));
      cpSync(base.folder, folder, { recursive: true });
      const stack = new TestStack(folder);
      const killed = runAndKill(folder, specs, killAt);
      if (killed) {
        const resumed = await stack.up(specs);
        assert.ok(resumed.succeeded, `killed at ${killAt}: ${stack.errors.join("\n")}`);
      }
      await assertWhole(stack, specs, texts, `killed at ${killAt}`);
      await stack.remove();
      if (!killed) break;
    }
    await base.remove();
    return killAt - 1;
  }

  it("creations: nothing is lost and nothing is there twice", async () => {
    const specs: ThingSpec[] = [
      { name: "a", inputs: { text: "x" } },
      { name: "b", from: { text: "a" } },
    ];
    const kills = await killEverywhere([], specs, ["x", "x!"]);
    assert.ok(kills >= 6, `killed only ${kills} times`);
  });

  it("an update, two kinds of replacement and a deletion", async () => {
    const specs = (generation: number): ThingSpec[] => [
      { name: "updated", inputs: { text: `u${generation}` } },
      { name: "replaced", inputs: { text: "r", replace: generation } },
      { name: "first-deleted", inputs: { text: "f", replace: generation, deleteFirst: true } },
    ];
    const before: ThingSpec[] = [...specs(1), { name: "deleted", inputs: { text: "d" } }];
    const kills = await killEverywhere(before, specs(2), ["u2", "r", "f"]);
    assert.ok(kills >= 15, `killed only ${kills} times`);
  });
});
