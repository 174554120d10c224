import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { Secret } from "../../engine/embedded/value.ts";
import type { ThingSpec } from "./support/directProgram.ts";
import { operations, TestStack } from "./support/engineRun.ts";

describe("embedded engine: apply", function () {
  this.timeout(30_000);
  let stack: TestStack;

  beforeEach(async () => {
    stack = await TestStack.create();
  });
  afterEach(() => stack.remove());

  const world = async () =>
    (await stack.entries()).map(({ inputs }) => inputs.text).toSorted() as string[];

  it("creates along the dependency graph, and the same again changes nothing", async () => {
    const specs: ThingSpec[] = [
      { name: "a", inputs: { text: "x" } },
      { name: "b", from: { text: "a" } },
      { name: "c", inputs: { text: "z" }, dependsOn: ["b"] },
    ];
    const first = await stack.up(specs);
    assert.deepEqual(stack.errors, []);
    assert.deepEqual(operations(first.steps), ["create a", "create b", "create c"]);
    assert.deepEqual(await world(), ["x", "x!", "z"]);
    const { resources } = await stack.state();
    const b = resources.find(({ urn }) => urn.endsWith("::b"));
    assert.equal(b?.outputs.value, "x!!");
    const second = await stack.up(specs);
    assert.deepEqual(operations(second.steps), ["same a", "same b", "same c"]);
    assert.equal((await stack.entries()).length, 3);
  });

  it("updates in place, keeps the id, and passes new outputs on", async () => {
    await stack.up([
      { name: "a", inputs: { text: "x" } },
      { name: "b", from: { text: "a" } },
    ]);
    const before = await stack.entries();
    const result = await stack.up([
      { name: "a", inputs: { text: "y" } },
      { name: "b", from: { text: "a" } },
    ]);
    assert.deepEqual(operations(result.steps), ["update a", "update b"]);
    assert.deepEqual(await world(), ["y", "y!"]);
    const ids = (entries: { id: string }[]) => entries.map(({ id }) => id).toSorted();
    assert.deepEqual(ids(await stack.entries()), ids(before));
  });

  it("replaces by creating first and deleting the original at the end", async () => {
    await stack.up([{ name: "a", inputs: { text: "x", replace: 1 } }]);
    const result = await stack.up([{ name: "a", inputs: { text: "x", replace: 2 } }]);
    assert.deepEqual(operations(result.steps), [
      "replace a",
      "create-replacement a",
      "delete-replaced a",
    ]);
    assert.deepEqual(await world(), ["x"]);
  });

  it("deletes before replacing, dependents that must be replaced first", async () => {
    const specs = (generation: number): ThingSpec[] => [
      { name: "a", inputs: { text: `x${generation}`, replace: generation, deleteFirst: true } },
      { name: "b", from: { replace: "a" } },
      { name: "c", from: { text: "a" } },
    ];
    await stack.up(specs(1));
    stack.events.length = 0;
    const result = await stack.up(specs(2));
    assert.ok(result.succeeded, stack.errors.join("\n"));
    const own = stack.events.filter((event) => !event.includes("things-test"));
    assert.deepEqual(own.slice(0, 3), [
      "delete-replaced b",
      "delete-replaced a",
      "create-replacement a",
    ]);
    assert.deepEqual(own.slice(3).toSorted(), ["create-replacement b", "update c"]);
    assert.equal((await stack.entries()).length, 3);
  });

  it("deletes what is no longer registered, dependents before what they need", async () => {
    await stack.up([
      { name: "a", inputs: { text: "x" } },
      { name: "b", from: { text: "a" } },
      { name: "c", inputs: { text: "z" }, dependsOn: ["b"] },
    ]);
    stack.events.length = 0;
    await stack.up([]);
    const deletions = stack.events.filter((event) => event.startsWith("delete"));
    assert.deepEqual(deletions, ["delete c", "delete b", "delete a"]);
    assert.deepEqual(await stack.entries(), []);
  });

  it("refuses to replace or delete a protected resource and touches nothing", async () => {
    const options = { protect: true };
    await stack.up([{ name: "a", inputs: { text: "x", replace: 1 }, options }]);
    for (const specs of [[], [{ name: "a", inputs: { text: "x", replace: 2 }, options }]]) {
      const preview = await stack.preview(specs);
      assert.equal(preview.succeeded, false);
      assert.match(preview.diagnostics.map(({ message }) => message).join(), /protected/);
      assert.equal((await stack.up(specs)).succeeded, false);
    }
    assert.equal((await stack.destroy()).succeeded, false);
    assert.deepEqual(await world(), ["x"]);
  });

  it("retainOnDelete forgets the resource and leaves it alone", async () => {
    await stack.up([{ name: "a", inputs: { text: "x" }, options: { retainOnDelete: true } }]);
    const result = await stack.up([]);
    assert.ok(result.succeeded);
    assert.deepEqual(await world(), ["x"]);
    assert.ok(!(await stack.state()).resources.some(({ urn }) => urn.endsWith("::a")));
  });

  it("deletedWith leaves the deletion to the other resource", async () => {
    await stack.up([
      { name: "a", inputs: { text: "x" } },
      { name: "b", inputs: { text: "y" }, deletedWith: "a" },
    ]);
    await stack.up([]);
    assert.deepEqual(await world(), ["y"]);
  });

  it("deletedWith a component forgets the resource before what is inside the component goes", async () => {
    await stack.up([
      { name: "cluster", component: true },
      { name: "machine", inputs: { text: "x" }, parent: "cluster" },
      { name: "object", inputs: { text: "y" }, deletedWith: "cluster", dependsOn: ["machine"] },
    ]);
    const { succeeded, steps } = await stack.destroy();
    assert.ok(succeeded);
    const order = operations(steps);
    assert.ok(order.indexOf("delete object") < order.indexOf("delete machine"), order.join());
    assert.deepEqual(await world(), ["y"]);
  });

  it("ignoreChanges keeps the old value", async () => {
    await stack.up([{ name: "a", inputs: { text: "x", tags: { one: 1, two: 2 } } }]);
    const result = await stack.up([
      {
        name: "a",
        inputs: { text: "y", tags: { one: 10, two: 2 } },
        options: { ignoreChanges: ["text", "tags.one"] },
      },
    ]);
    assert.deepEqual(operations(result.steps), ["same a"]);
  });

  it("replaceOnChanges turns an update into a replacement", async () => {
    await stack.up([{ name: "a", inputs: { text: "x" } }]);
    const options = { replaceOnChanges: ["text"] };
    const result = await stack.up([{ name: "a", inputs: { text: "y" }, options }]);
    assert.ok(operations(result.steps).includes("replace a"));
    assert.deepEqual(await world(), ["y"]);
  });

  it("an alias renames without a change", async () => {
    await stack.up([{ name: "old", inputs: { text: "x" } }]);
    const result = await stack.up([{ name: "new", inputs: { text: "x" }, aliases: ["old"] }]);
    assert.deepEqual(operations(result.steps), ["same new"]);
    assert.equal((await stack.entries()).length, 1);
  });

  it("children follow a parent that was renamed by an alias", async () => {
    const child = { name: "child", inputs: { text: "x" } };
    await stack.up([
      { name: "p", component: true },
      { ...child, parent: "p" },
    ]);
    const result = await stack.up([
      { name: "q", component: true, aliases: ["p"] },
      { ...child, parent: "q" },
    ]);
    assert.ok(result.succeeded);
    assert.deepEqual(operations(result.steps), ["same q", "same child"]);
  });

  it("after a failure the rest is saved and the same command carries on", async () => {
    const specs = (invalid: boolean): ThingSpec[] => [
      { name: "a", inputs: { text: "x" } },
      { name: "b", inputs: { text: "y", invalid }, dependsOn: ["a"] },
    ];
    const failed = await stack.up(specs(true));
    assert.equal(failed.succeeded, false);
    assert.deepEqual(stack.errors, ["invalid: must not be true"]);
    assert.deepEqual(await world(), ["x"]);
    const resumed = await stack.up(specs(false));
    assert.deepEqual(operations(resumed.steps), ["same a", "create b"]);
  });

  it("a resource that failed half-way is remembered and finished by an update", async () => {
    const failed = await stack.up([{ name: "a", inputs: { text: "x", partial: true } }]);
    assert.equal(failed.succeeded, false);
    assert.deepEqual(stack.errors, ["half of it is there"]);
    const { resources } = await stack.state();
    assert.deepEqual(resources.find(({ urn }) => urn.endsWith("::a"))?.initErrors, [
      "half of it is there",
    ]);
    const resumed = await stack.up([{ name: "a", inputs: { text: "x" } }]);
    assert.deepEqual(operations(resumed.steps), ["update a"]);
    assert.equal((await stack.entries()).length, 1);
  });

  it("a program that fails deletes nothing", async () => {
    await stack.up([{ name: "a", inputs: { text: "x" } }]);
    const specs = [{ name: "bad", inputs: { invalid: true } }];
    assert.equal((await stack.up(specs)).succeeded, false);
    assert.deepEqual(await world(), ["x"]);
  });

  it("seals secrets in the state, marks outputs again, and writes the file for its owner only", async () => {
    await stack.up([
      { name: "a", inputs: { text: "top-secret-text-in-here" }, secret: ["text"] },
      { name: "b", from: { text: "a" } },
    ]);
    const content = await readFile(stack.stateFile, "utf8");
    assert.doesNotMatch(content, /top-secret|hunter2/);
    assert.equal((await stat(stack.stateFile)).mode & 0o777, 0o600);
    const { resources } = await stack.state();
    for (const name of ["a", "b"]) {
      const state = resources.find(({ urn }) => urn.endsWith(`::${name}`));
      assert.ok(state?.outputs.text instanceof Secret, `${name}.text`);
      assert.ok(state?.outputs.value instanceof Secret, `${name}.value`);
      assert.ok(state?.outputs.password instanceof Secret, `${name}.password`);
    }
  });

  it("refresh notices what is gone, and the next up makes it again", async () => {
    const specs = [{ name: "a", inputs: { text: "x" } }];
    await stack.up(specs);
    const { rm } = await import("node:fs/promises");
    await rm(stack.world, { recursive: true });
    const refreshed = await stack.refresh();
    assert.deepEqual(operations(refreshed.steps), ["delete a"]);
    assert.deepEqual(operations((await stack.up(specs)).steps), ["create a"]);
  });

  it("destroy leaves nothing in the world and an empty state", async () => {
    await stack.up([
      { name: "p", component: true },
      { name: "a", inputs: { text: "x" }, parent: "p" },
      { name: "b", from: { text: "a" } },
    ]);
    assert.ok((await stack.destroy()).succeeded);
    assert.deepEqual(await stack.entries(), []);
    assert.deepEqual((await stack.state()).resources, []);
  });

  it("cancel lets what runs finish, starts nothing new, and the next run carries on", async () => {
    await stack.remove();
    let started = 0;
    stack = await TestStack.create({
      onEffect: (_verb, _inputs, moment) => {
        if (moment === "before" && ++started === 1) stack.stop.abort();
      },
    });
    const specs: ThingSpec[] = [
      { name: "a", inputs: { text: "x" } },
      { name: "b", from: { text: "a" } },
    ];
    const cancelled = await stack.up(specs);
    assert.equal(cancelled.succeeded, false);
    assert.deepEqual(await world(), ["x"]);
    const next = new TestStack(stack.folder);
    assert.deepEqual(operations((await next.up(specs)).steps), ["same a", "create b"]);
  });

  it("never runs more operations at once than asked", async () => {
    await stack.remove();
    let running = 0;
    let most = 0;
    stack = await TestStack.create({
      onEffect: async (_verb, _inputs, moment) => {
        running += moment === "before" ? 1 : -1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
    });
    stack.parallel = 3;
    const specs = Array.from({ length: 12 }, (_, index) => ({
      name: `t${index}`,
      inputs: { text: `${index}` },
    }));
    await stack.up(specs);
    assert.equal(most, 3);
    assert.equal((await stack.entries()).length, 12);
  });
});
