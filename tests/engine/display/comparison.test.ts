import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readSavedResources } from "../../../engine/baseline.ts";
import { diffLines } from "../../../engine/display/diffText.ts";
import { markdownFailure, markdownReport } from "../../../engine/display/markdown.ts";
import { outputText } from "../../../engine/display/outputs.ts";
import { changeSummary, shownSteps, stepJson } from "../../../engine/display/previewJson.ts";
import { plain } from "../../../engine/display/style.ts";
import { treeLines } from "../../../engine/display/tree.ts";
import { compareStates } from "../../../engine/embedded/compare.ts";
import { type ResourceState, stateOf } from "../../../engine/embedded/resourceState.ts";
import { StackSecrets } from "../../../engine/embedded/secrets.ts";
import { type Inputs, Secret } from "../../../engine/embedded/value.ts";

function key(protect: boolean, inputs: Inputs = { rotation: true }): ResourceState {
  const options = {
    urn: "urn:pulumi:s::p::aws:kms/key:Key::data",
    type: "aws:kms/key:Key",
    name: "data",
    custom: true,
    remote: false,
    parent: undefined,
    protect,
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
    inputs,
  };
  return stateOf(options, { inputs, outputs: {}, id: undefined });
}

describe("what a comparison shows", () => {
  const unprotected = compareStates([key(true)], [key(false)]);

  it("a resource that loses its protection, though it stays as it is", () => {
    assert.deepEqual(changeSummary(unprotected), { same: 1 });
    const shown = shownSteps(unprotected, false);
    assert.equal(shown.length, 1);
    assert.match(treeLines(shown, [key(false)], plain)[1] ?? "", /data\s+\[no longer protected\]$/);
    assert.ok(diffLines(shown, plain).includes("    [no longer protected]"));
    const comment = markdownReport("Preview", unprotected);
    assert.match(comment, /Only protection changes\./);
    assert.match(comment, /\| same \| `aws:kms:Key` \| `data` \| no longer protected \|/);
    assert.match(
      markdownReport("Preview", compareStates([key(false)], [key(true)])),
      /from now on/,
    );
  });

  it("nothing where nothing changes", () => {
    const steps = compareStates([key(true)], [key(true)]);
    assert.deepEqual(shownSteps(steps, false), []);
    assert.equal(markdownReport("Preview", steps), "### Preview\n\nNo changes.\n\n");
  });

  it("what breaks a rule, and why there is no plan, in the comment", () => {
    const comment = markdownReport("Preview", unprotected, ["[advisory] protect-data: data: …"]);
    assert.match(comment, /Policy violations:\n\n- \[advisory\] protect-data: data: …\n\n\|/);
    const failure = markdownFailure("Preview", [
      "Error: broken\n    at \u001b[90mindex.ts:1:1\u001b[39m",
    ]);
    assert.match(
      failure,
      /The preview failed:\n\n```\nError: broken\n {4}at index\.ts:1:1\n```\n$/,
    );
  });

  it("no secret in any printed form", () => {
    const steps = compareStates(
      [key(false, { token: new Secret("hunter1") })],
      [key(false, { token: new Secret("hunter2") })],
    );
    const printed = [
      ...treeLines(steps, [], plain),
      ...diffLines(steps, plain),
      markdownReport("Preview", steps),
      JSON.stringify(steps.map(stepJson)),
    ].join("\n");
    assert.doesNotMatch(printed, /hunter/);
    assert.match(printed, /\[secret\]/);
  });

  it("outputs whole but for long texts in them", () => {
    const many = { zones: Array.from({ length: 100 }, (_, index) => `zone ${index}`) };
    assert.match(outputText(many), /"zone 99"\n {6}\]\n {4}\}$/);
    const long = outputText({ kubeconfig: "x".repeat(1000) });
    assert.match(long, /x{300}… \(1000 characters\)"\n {4}\}$/);
  });
});

describe("a saved preview to compare with", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "preview.json");
  const read = (document: unknown) => {
    writeFileSync(file, JSON.stringify(document));
    return readSavedResources(file, new StackSecrets({}));
  };
  const [step] = compareStates([key(true)], [key(true)]);
  assert.ok(step);

  it("is refused when it leaves out what does not change", async () => {
    await assert.rejects(
      read({ steps: [], changeSummary: { same: 1 } }),
      /leaves out 1 unchanged resources.*--json --show-sames/,
    );
  });

  it("is taken when it holds everything", async () => {
    const saved = await read({ steps: [stepJson(step)], changeSummary: { same: 1 } });
    assert.deepEqual(
      saved?.resources.map(({ urn }) => urn),
      [step.urn],
    );
  });
});
