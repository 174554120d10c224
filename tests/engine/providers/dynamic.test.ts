import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PartialResourceError } from "../../../engine/embedded/provider.ts";
import { closeProviders, providerFor } from "../../../engine/embedded/providers/index.ts";
import type { Inputs } from "../../../engine/embedded/value.ts";
import { operationOn } from "./operation.ts";

const type = "pulumi-nodejs:dynamic:Resource";
const provider = providerFor(type);
assert.ok(provider);

/** Provider code in the form in which the SDK serialises it. */
const code = (methods: string) => `exports.handler = () => ({ ${methods} });`;

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("dynamic resources", function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-dynamic-"));
  });

  after(async () => {
    await closeProviders();
    rmSync(folder, { recursive: true, force: true });
  });

  it("go through their whole life in the provider that they carry", async () => {
    const inputs: Inputs = {
      size: 1,
      __provider: code(`
        check: async (olds, news) => ({ inputs: { ...news, colour: news.colour || "red" } }),
        create: async (inputs) => ({ id: "id-1", outs: { ...inputs, double: inputs.size * 2 } }),
        diff: async (id, olds, news) => ({
          changes: olds.size !== news.size || olds.colour !== news.colour,
          replaces: olds.colour !== news.colour ? ["colour"] : [],
          deleteBeforeReplace: true,
        }),
        update: async (id, olds, news) => ({ outs: { ...news, double: news.size * 2, was: olds.double } }),
        read: async (id, props) => ({ id: props.gone ? "" : id, props: { ...props, seen: true } }),
        delete: async (id, props) => { if (props.stuck) throw new Error("stuck"); },`),
    };
    const operation = operationOn(type);
    const checked = await provider.check(type, inputs, undefined, operation);
    assert.equal(checked.colour, "red");
    const { id, outputs } = await provider.create(type, checked, operation);
    assert.equal(id, "id-1");
    assert.equal(outputs.double, 2);
    assert.equal(outputs.__provider, inputs.__provider);
    const diff = (news: Inputs) => provider.diff(type, id, checked, outputs, news);
    assert.deepEqual(await diff(checked), { changedKeys: [], replaceKeys: [] });
    assert.deepEqual(await diff({ ...checked, size: 5 }), {
      changedKeys: ["size"],
      replaceKeys: [],
      deleteBeforeReplace: true,
    });
    assert.deepEqual((await diff({ ...checked, colour: "blue" })).replaceKeys, ["colour"]);
    const bigger = { ...checked, size: 5 };
    const updated = await provider.update(type, id, checked, outputs, bigger, operation);
    assert.deepEqual([updated.double, updated.was], [10, 2]);
    const seen = await provider.read(type, id, bigger, updated, operation);
    assert.equal(seen?.seen, true);
    const gone = await provider.read(type, id, bigger, { ...updated, gone: true }, operation);
    assert.equal(gone, undefined);
    await provider.delete(type, id, bigger, updated, operation);
    const stuck = provider.delete(type, id, bigger, { ...updated, stuck: true }, operation);
    await assert.rejects(stuck, /stuck/);
  });

  it("compare their inputs where the provider does not", async () => {
    const from = { size: 1, __provider: code("") };
    assert.deepEqual(await provider.diff(type, "x", from, from, from), {
      changedKeys: [],
      replaceKeys: [],
      deleteBeforeReplace: false,
    });
    const changed = await provider.diff(type, "x", from, from, { ...from, size: 2 });
    assert.deepEqual(changed.changedKeys, ["size"]);
  });

  it("report all failures of their check at once", async () => {
    const failures = `[{ property: "a", reason: "is bad" }, { property: "b", reason: "is worse" }]`;
    const inputs = { __provider: code(`check: async () => ({ failures: ${failures} }),`) };
    await assert.rejects(
      provider.check(type, inputs, undefined, operationOn(type)),
      /a: is bad; b: is worse/,
    );
  });

  it("are remembered when their provider made them and then failed", async () => {
    const failing = `create: async () => {
      const error = new Error("half done");
      throw Object.assign(error, { id: "half", properties: { kept: 1 }, reasons: ["why"] });
    },`;
    const made = provider.create(type, { __provider: code(failing) }, operationOn(type));
    await assert.rejects(made, (error: unknown) => {
      assert.ok(error instanceof PartialResourceError);
      assert.equal(error.id, "half");
      assert.equal(error.outputs.kept, 1);
      assert.match(error.message, /half done; why/);
      return true;
    });
  });

  it("see the provider's configuration, and pass on what their code prints", async () => {
    const operation = operationOn(type, "configured", {
      providerInputs: { "quorum:greeting": "hello" },
    });
    const configured = code(`
      configure: async ({ config }) => { globalThis.greeting = config.get("greeting"); },
      create: async () => { console.log("made it"); return { id: globalThis.greeting }; },`);
    const { id } = await provider.create(type, { __provider: configured }, operation);
    assert.equal(id, "hello");
    while (operation.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(operation.lines, ["made it"]);
  });

  it("are cut short by cancel, and the next one starts afresh", async () => {
    const marker = join(folder, "started");
    const hanging = code(`create: async () => {
      require("node:fs").writeFileSync(${JSON.stringify(marker)}, "");
      for (;;) {}
    },`);
    const cancel = new AbortController();
    const operation = operationOn(type, "hanging", { signal: cancel.signal });
    const made = provider.create(type, { __provider: hanging }, operation);
    made.catch(() => {});
    while (!existsSync(marker)) await new Promise((resolve) => setTimeout(resolve, 20));
    cancel.abort();
    await assert.rejects(made, /cancelled/);
    const quick = code(`create: async () => ({ id: String(process.pid) }),`);
    const { id } = await provider.create(type, { __provider: quick }, operationOn(type));
    const next = Number(id);
    assert.ok(next > 0);
    // Also the one started while its predecessor was still ending: else no run would ever end.
    await closeProviders();
    while (isRunning(next)) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});
