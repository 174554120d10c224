import assert from "node:assert/strict";
import fc from "fast-check";
import { detailedDiff, differences } from "../../engine/embedded/diff.ts";
import {
  decide,
  deletionOrder,
  dependentsToReplace,
  ProtectedError,
  requirementsOf,
} from "../../engine/embedded/planner.ts";
import {
  coversPath,
  formatPath,
  ignoreChanges,
  parsePath,
} from "../../engine/embedded/propertyPath.ts";
import type { Goal, ResourceState } from "../../engine/embedded/resourceState.ts";
import { stateOf } from "../../engine/embedded/resourceState.ts";
import { type Inputs, Unknown } from "../../engine/embedded/value.ts";
import { sameMap } from "../../engine/embedded/values.ts";

const noCause = { alreadyDeleted: false, replacedWith: false };

function goal(name: string, overrides: Partial<Goal> = {}): Goal {
  return {
    urn: `urn:pulumi:s::p::test:index:Thing::${name}`,
    type: "test:index:Thing",
    name,
    custom: true,
    remote: false,
    parent: undefined,
    inputs: {},
    protect: false,
    retainOnDelete: false,
    dependencies: [],
    propertyDependencies: {},
    provider: undefined,
    deletedWith: undefined,
    additionalSecretOutputs: [],
    aliases: [],
    ignoreChanges: [],
    replaceOnChanges: [],
    customTimeouts: undefined,
    deleteBeforeReplace: undefined,
    replaceWith: [],
    hideDiffs: [],
    ...overrides,
  };
}

function state(name: string, inputs: Inputs = {}, overrides: Partial<Goal> = {}): ResourceState {
  return stateOf(goal(name, overrides), { inputs, outputs: inputs, id: name });
}

const changed = (changedKeys: string[], replaceKeys: string[] = []) => ({
  changedKeys,
  replaceKeys,
});

describe("planner: decisions", () => {
  it("nothing before: create", () => {
    assert.deepEqual(decide(undefined, goal("a"), {}, changed([]), noCause), { kind: "create" });
  });

  it("no difference: same, and nothing to write", () => {
    const before = state("a", { x: 1 });
    const decision = decide(before, goal("a"), { x: 1 }, changed([]), noCause);
    assert.deepEqual(decision, { kind: "same", stateChanged: false });
  });

  it("an option changed: same, and written", () => {
    const decision = decide(state("a"), goal("a", { protect: true }), {}, changed([]), noCause);
    assert.deepEqual(decision, { kind: "same", stateChanged: true });
  });

  it("a difference: update; one that forces it: replace", () => {
    const before = state("a", { x: 1 });
    const update = decide(before, goal("a"), { x: 2 }, changed(["x"]), noCause);
    assert.deepEqual(update, {
      kind: "update",
      changedKeys: ["x"],
      detailedDiff: { x: { kind: "update", inputDiff: true } },
    });
    const replace = decide(before, goal("a"), { x: 2 }, changed(["x"], ["x"]), noCause);
    assert.equal(replace.kind, "replace");
    assert.deepEqual("detailedDiff" in replace && replace.detailedDiff, {
      x: { kind: "update-replace", inputDiff: true },
    });
  });

  it("the program's deleteBeforeReplace outranks the provider's", () => {
    const diff = { ...changed(["x"], ["x"]), deleteBeforeReplace: true };
    for (const [asked, expected] of [
      [undefined, true],
      [false, false],
      [true, true],
    ] as const) {
      const decision = decide(
        state("a", { x: 1 }),
        goal("a", { deleteBeforeReplace: asked }),
        { x: 2 },
        diff,
        noCause,
      );
      assert.equal(decision.kind === "replace" && decision.deleteBefore, expected);
    }
  });

  it("a half-done resource is updated though nothing differs", () => {
    const before = { ...state("a"), initErrors: ["half"] };
    assert.equal(decide(before, goal("a"), {}, changed([]), noCause).kind, "update");
  });

  it("a protected resource is never replaced", () => {
    const before = state("a", { x: 1 }, { protect: true });
    const plan = () => decide(before, goal("a"), { x: 2 }, changed(["x"], ["x"]), noCause);
    assert.throws(plan, ProtectedError);
  });

  it("one that is gone already is created again, protected or not", () => {
    const before = { ...state("a", {}, { protect: true }), pendingReplacement: true };
    const decision = decide(before, goal("a"), {}, changed([]), noCause);
    assert.equal(decision.kind === "replace" && decision.deleteBefore, true);
  });
});

describe("planner: order", () => {
  /** Any acyclic graph: each resource may need any of those before it. */
  const graph = fc
    .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 20 })
    .map((needs) =>
      needs.map((list, index) => {
        const urns = list.filter(() => index > 0).map((target) => goal(`r${target % index}`).urn);
        return state(`r${index}`, {}, { dependencies: [...new Set(urns)] });
      }),
    );

  it("nothing is deleted before everything that needs it, and every deletion can start", () => {
    fc.assert(
      fc.property(graph, (states) => {
        const waitsFor = deletionOrder(states);
        const done = new Set<ResourceState>();
        while (done.size < states.length) {
          const ready = states.filter(
            (candidate) =>
              !done.has(candidate) &&
              [...(waitsFor.get(candidate) ?? [])].every((other) => done.has(other)),
          );
          assert.ok(ready.length > 0, "a deletion waits for ever");
          for (const deleted of ready) {
            const dependents = states.filter((other) => requirementsOf(other).has(deleted.urn));
            assert.ok(dependents.every((other) => done.has(other)));
          }
          for (const deleted of ready) done.add(deleted);
        }
      }),
    );
  });

  it("only those that must be replaced go with the root, dependents first", async () => {
    const root = state("root");
    const by = (key: string, urn: string) => ({ propertyDependencies: { [key]: [urn] } });
    const b = state("b", { replace: 1 }, by("replace", root.urn));
    const c = state("c", { text: 1 }, by("text", root.urn));
    const d = state("d", { replace: 1 }, by("replace", b.urn));
    const found = await dependentsToReplace(
      root,
      [root, b, c, d],
      async (_state, inputs) => inputs.replace === Unknown.value,
    );
    assert.deepEqual(found, [d, b]);
  });
});

describe("differences and paths", () => {
  const json = fc
    .jsonValue({ maxDepth: 3 })
    .map((value) => JSON.parse(JSON.stringify(value)))
    .filter((value) => JSON.stringify(value).includes("__proto__") === false);
  const inputs = fc.dictionary(fc.stringMatching(/^[a-z.[\]"]{1,6}$/), json, {
    maxKeys: 5,
    noNullPrototype: true,
  });

  it("there are differences exactly where two maps are not the same", () => {
    fc.assert(
      fc.property(inputs, inputs, (before, after) => {
        assert.equal(differences(before, after).length === 0, sameMap(before, after));
        assert.deepEqual(differences(before, before), []);
      }),
    );
  });

  it("ignoring every difference leaves none", () => {
    fc.assert(
      fc.property(inputs, inputs, (before, after) => {
        const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].map((key) =>
          formatPath([key]),
        );
        assert.deepEqual(differences(before, ignoreChanges(after, before, paths)), []);
      }),
    );
  });

  it("a path reads back as it was written", () => {
    const part = fc.oneof(fc.nat(99), fc.stringMatching(/^[a-z.[\]"\\]{1,6}$/));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        assert.deepEqual(parsePath(formatPath(parts)), parts);
      }),
    );
  });

  it("a pattern covers what it names and everything inside", () => {
    assert.ok(coversPath(parsePath("tags"), parsePath("tags.Name")));
    assert.ok(coversPath(parsePath("rules[*].port"), parsePath("rules[3].port")));
    assert.ok(!coversPath(parsePath("rules[0]"), parsePath("rules[3].port")));
    assert.ok(!coversPath(parsePath("tags.Name"), parsePath("tags")));
  });

  it("says where and how, as `pulumi preview --json` does", () => {
    const before = { tags: { a: 1, gone: 1 }, list: [1, 2], same: true };
    const after = { tags: { a: 2 }, list: [1, 2, 3], same: true, fresh: 1 };
    assert.deepEqual(detailedDiff(before, after, ["list"]), {
      "tags.a": { kind: "update", inputDiff: true },
      "tags.gone": { kind: "delete", inputDiff: true },
      "list[2]": { kind: "add-replace", inputDiff: true },
      fresh: { kind: "add", inputDiff: true },
    });
  });
});
