import assert from "node:assert/strict";
import path from "node:path";
import { previewJson } from "../../engine/display/previewJson.ts";
import { previewStack } from "../../engine/embedded/preview.ts";
import { loadProject } from "../../engine/project.ts";
import { programFolder, TestStack } from "./support/engineRun.ts";

/** Previews a fixture program as a process of its own, over the wire. */
async function previewProgram(name: string, env: NodeJS.ProcessEnv = {}) {
  return previewStack({
    project: await loadProject(programFolder(name)),
    stack: "test",
    env: { ...process.env, QUORUM_STATE_DIR: path.join(import.meta.dirname, "none"), ...env },
    parallel: 16,
    fresh: false,
    signal: new AbortController().signal,
  });
}

describe("embedded engine: a real program over the wire", function () {
  this.timeout(120_000);

  describe("preview of a program with an explicit provider and a remote component", () => {
    let json: ReturnType<typeof previewJson>;
    let text: string;
    const step = (name: string, type: string) => {
      const found = json.steps?.find(({ urn }) => urn.endsWith(`::${name}`) && urn.includes(type));
      assert.ok(found?.newState, `${type} ${name}`);
      return found;
    };

    before(async () => {
      const result = await previewProgram("basic");
      assert.ok(result.succeeded, JSON.stringify(result.diagnostics));
      json = previewJson(result, false);
      text = JSON.stringify(json);
    });

    it("creates everything, and counts it", () => {
      assert.deepEqual(json.changeSummary, { create: 8 });
      assert.equal(json.steps?.length, 8);
      assert.ok(json.steps?.every(({ op }) => op === "create"));
    });

    it("leaves unknown what the cloud will say", () => {
      const { newState } = step("network-a", "Subnet");
      assert.deepEqual(newState?.inputs, {
        cidrBlock: "10.0.0.0/24",
        vpcId: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
      });
    });

    it("keeps parents, providers, protection and dependencies", () => {
      const vpc = step("network", "Vpc");
      assert.equal(vpc.newState?.protect, true);
      assert.match(String(vpc.newState?.parent), /basic:index:Network::network$/);
      assert.match(String(vpc.provider), /pulumi:providers:aws::main::04da6b54/);
      const subnet = step("network-b", "Subnet");
      assert.deepEqual(subnet.newState?.propertyDependencies, { vpcId: [vpc.urn] });
      assert.deepEqual(subnet.newState?.dependencies, [vpc.urn]);
    });

    it("leaves components of other packages opaque", () => {
      const cluster = step("cluster", "eks:index:Cluster");
      assert.equal(cluster.newState?.custom, false);
      assert.equal(cluster.newState?.outputs, undefined);
      assert.ok(!json.steps?.some(({ urn }) => urn.includes("eks:index:Cluster$")));
    });

    it("masks secrets, in inputs and in stack outputs", () => {
      assert.doesNotMatch(text, /very-secret|this-is-hidden/);
      const parameter = step("token", "Parameter");
      assert.equal(
        (parameter.newState?.inputs as Record<string, unknown> | undefined)?.value,
        "[secret]",
      );
      const outputs = step("basic-test", "Stack").newState?.outputs as
        | Record<string, unknown>
        | undefined;
      assert.equal(outputs?.hidden, "[secret]");
    });
  });

  it("a disabled default provider is an error that names the package", async () => {
    const project = await loadProject(programFolder("things"));
    const key = "pulumi:disable-default-providers";
    const result = await previewStack({
      project: {
        ...project,
        declared: [{ key, required: false, secret: false, value: ["test"] }],
      },
      stack: "test",
      env: { ...process.env, THINGS: JSON.stringify([{ name: "a", inputs: { text: "x" } }]) },
      parallel: 16,
      fresh: true,
      signal: new AbortController().signal,
    });
    assert.equal(result.succeeded, false);
    assert.match(result.diagnostics.map(({ message }) => message).join("\n"), /"test" disabled/);
  });

  it("a registration that cannot be read is named and fails the run", async () => {
    const options = { customTimeouts: { create: "soon" } };
    const result = await previewProgram("things", {
      THINGS: JSON.stringify([{ name: "a", inputs: { text: "x" }, options }]),
    });
    assert.equal(result.succeeded, false);
    const said = result.diagnostics.map(({ message }) => message).join("\n");
    assert.match(said, /^test:index:Thing a: "soon" is no duration/);
  });

  describe("up", () => {
    let stack: TestStack;
    beforeEach(async () => {
      stack = await TestStack.create();
      stack.asProcess = true;
    });
    afterEach(() => stack.remove());

    it("creates, exports outputs, and a program error afterwards keeps its stack trace and deletes nothing", async () => {
      const specs = [
        { name: "a", inputs: { text: "x" } },
        { name: "b", from: { text: "a" } },
      ];
      const result = await stack.up(specs);
      assert.deepEqual(stack.errors, []);
      const root = result.states.find(({ type }) => type === "pulumi:pulumi:Stack");
      assert.deepEqual(root?.outputs, { a: "x!", b: "x!!" });
      const failed = await stack.up([], { THINGS_FAIL: "throw" });
      assert.equal(failed.succeeded, false);
      assert.match(stack.errors.join("\n"), /the program is broken[\s\S]*index\.ts:\d+:\d+/);
      assert.equal((await stack.entries()).length, 2);
    });

    it("a RunError is shown without its stack", async () => {
      assert.equal((await stack.up([], { THINGS_FAIL: "run-error" })).succeeded, false);
      assert.deepEqual(stack.errors, ["only this message"]);
    });

    it("a resource that fails is reported once, and the program ends quietly", async () => {
      const result = await stack.up([{ name: "a", inputs: { invalid: true } }]);
      assert.equal(result.succeeded, false);
      assert.deepEqual(stack.errors, ["invalid: must not be true"]);
    });
  });
});
