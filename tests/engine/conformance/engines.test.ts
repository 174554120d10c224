import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PreviewJson } from "../../../engine/display/previewJson.ts";
import { cli, type EngineUnderTest, embedded, plannedOperations, pulumi } from "./engines.ts";

/** What both engines promise. Every phase starts from the state that the one before it left. */
function conformance(make: () => EngineUnderTest): void {
  let engine: EngineUnderTest;
  let secretPreview = "";

  before(async () => {
    engine = make();
    await engine.start();
  });
  after(() => engine.remove());

  const preview = async (specs: unknown) => {
    const result = await engine.run(["preview", "--json", "--show-sames"], specs);
    assert.equal(result.code, 0, result.stderr + result.stdout);
    return result.stdout;
  };
  const up = async (specs: unknown) => {
    const result = await engine.run(["up", "--yes"], specs);
    assert.equal(result.code, 0, result.stderr + result.stdout);
    return result.stdout;
  };
  const outputs = async () => {
    const result = await engine.run(["stack", "output", "--json"], {});
    assert.equal(result.code, 0, result.stderr);
    return JSON.parse(result.stdout);
  };

  const first = { a: { text: "x" }, b: { text: "y", after: "a" } };

  it("previews creations with the same shape", async () => {
    const json = await preview(first);
    assert.deepEqual(plannedOperations(json), { folder: "create", a: "create", b: "create" });
    const { steps = [], changeSummary } = JSON.parse(json) as PreviewJson;
    assert.deepEqual(changeSummary, { create: 4 });
    const b = steps.find(({ urn }) => urn.endsWith("::b"));
    assert.equal(b?.newState?.custom, true);
    assert.match(String(b?.newState?.type), /^pulumi-nodejs:dynamic/);
    assert.match(String(b?.newState?.parent), /notes:index:Folder::folder$/);
    const inputs = b?.newState?.inputs as Record<string, unknown> | undefined;
    assert.match(String(inputs?.text), /04da6b54-80e4-46f7-96ec-b56ff0331ba9/);
    const dependencies = b?.newState?.propertyDependencies as Record<string, string[]> | undefined;
    assert.match(String(dependencies?.text), /::a$/);
  });

  it("creates, and exports outputs", async () => {
    await up(first);
    assert.deepEqual(await outputs(), { a: "x!", b: "y x!!" });
  });

  it("sees no change in the same program", async () => {
    assert.deepEqual(plannedOperations(await preview(first)), {
      folder: "same",
      a: "same",
      b: "same",
    });
  });

  it("updates what changed and what depends on it", async () => {
    const specs = { ...first, a: { text: "z" } };
    assert.deepEqual(plannedOperations(await preview(specs)), {
      folder: "same",
      a: "update",
      b: "update",
    });
    await up(specs);
    assert.deepEqual(await outputs(), { a: "z!", b: "y z!!" });
  });

  it("replaces where the provider says so, and names the reason", async () => {
    const specs = { a: { text: "z", generation: 2 }, b: { text: "y" } };
    const json = await preview(specs);
    assert.equal(plannedOperations(json).a, "replace");
    const step = (JSON.parse(json) as PreviewJson).steps?.find(({ urn }) => urn.endsWith("::a"));
    assert.deepEqual(step?.replaceReasons, ["generation"]);
    await up(specs);
    assert.deepEqual(await outputs(), { a: "z!", b: "y!" });
  });

  it("deletes what is gone from the program", async () => {
    const specs = { a: { text: "z", generation: 2 } };
    assert.deepEqual(plannedOperations(await preview(specs)), {
      folder: "same",
      a: "same",
      b: "delete",
    });
    await up(specs);
    assert.deepEqual(await outputs(), { a: "z!" });
  });

  it("never shows a secret", async () => {
    const specs = {
      a: { text: "z", generation: 2 },
      s: { text: "hidden-as-secret", secret: true },
    };
    secretPreview = await preview(specs);
    assert.doesNotMatch(secretPreview, /hidden-as-secret/);
    assert.doesNotMatch(await up(specs), /hidden-as-secret/);
    const exported = await engine.run(["stack", "export"], {});
    assert.doesNotMatch(exported.stdout, /hidden-as-secret/);
    assert.match(exported.stdout, /"ciphertext"/);
  });

  it("exports version 3 with every resource after what it needs", async () => {
    const exported = await engine.run(["stack", "export"], {});
    const { version, deployment } = JSON.parse(exported.stdout);
    assert.equal(version, 3);
    const seen = new Set<string>();
    for (const resource of deployment.resources) {
      for (const urn of [resource.parent, ...(resource.dependencies ?? [])]) {
        assert.ok(urn === undefined || seen.has(urn), `${resource.urn} needs ${urn}`);
      }
      seen.add(resource.urn);
    }
  });

  it("refuses to delete what is protected, then destroys what is not", async () => {
    const protectedSpecs = { p: { text: "keep", options: { protect: true } } };
    await up(protectedSpecs);
    const refused = await engine.run(["up", "--yes"], {});
    assert.notEqual(refused.code, 0);
    assert.match(refused.stdout + refused.stderr, /protect/);
    await up({ p: { text: "keep" } });
    const destroyed = await engine.run(["destroy", "--yes"], {});
    assert.equal(destroyed.code, 0, destroyed.stderr + destroyed.stdout);
    const exported = await engine.run(["stack", "export"], {});
    assert.deepEqual(JSON.parse(exported.stdout).deployment.resources ?? [], []);
  });
}

describe("conformance: embedded engine", function () {
  this.timeout(600_000);
  conformance(embedded);
});

const title = "conformance: Pulumi CLI";
if (cli === undefined) {
  describe.skip(`${title} (skipped: Pulumi CLI not installed)`, () => {
    it("is not installed, so the comparison was not made", () => {});
  });
  console.warn(`${title}: skipped: Pulumi CLI not installed`);
} else {
  describe(title, function () {
    this.timeout(600_000);
    conformance(pulumi);
  });

  describe("conformance: what one engine made, the other takes over", function () {
    this.timeout(600_000);
    const engines = [embedded(), pulumi()];
    const folder = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
    after(() => {
      for (const engine of engines) engine.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    it("there and back, without a change, secrets included", async () => {
      const [first, second] = engines as [EngineUnderTest, EngineUnderTest];
      const file = path.join(folder, "state.json");
      const specs = { a: { text: "x" }, s: { text: "hidden", secret: true } };
      const changed = { ...specs, a: { text: "y" } };
      const run = async (engine: EngineUnderTest, args: readonly string[], of: unknown) => {
        const { code, stdout, stderr } = await engine.run(args, of);
        assert.equal(code, 0, stderr + stdout);
        return stdout;
      };
      const handOver = async (from: EngineUnderTest, to: EngineUnderTest, of: unknown) => {
        await run(from, ["stack", "export", "--file", file], {});
        await run(to, ["stack", "import", "--file", file], {});
        const planned = plannedOperations(await run(to, ["preview", "--json", "--show-sames"], of));
        assert.deepEqual(planned, { folder: "same", a: "same", s: "same" });
      };
      for (const engine of engines) await engine.start();
      await run(first, ["up", "--yes"], specs);
      await handOver(first, second, specs);
      await run(second, ["up", "--yes"], changed);
      await handOver(second, first, changed);
      const outputs = await run(first, ["stack", "output", "--json", "--show-secrets"], {});
      assert.deepEqual(JSON.parse(outputs), { a: "y!", s: "hidden!" });
    });
  });
}
