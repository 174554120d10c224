import assert from "node:assert/strict";
import { hostsStack } from "../../../components/hosts/stack.ts";
import { providerFor } from "../../../engine/embedded/providers/index.ts";
import type { Inputs, Outputs } from "../../../engine/embedded/value.ts";
import { hostsConfig, type Raw } from "../../support/fixtures.ts";
import { record } from "../../support/mocks.ts";
import { type ApiServer, apiServerPrograms, startApiServer } from "./apiServer.ts";
import { operationOn } from "./operation.ts";

const provider = providerFor("kubernetes:core/v1:Namespace");
assert.ok(provider);

const kinds = [
  "LimitRange",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "Namespace",
  "PriorityClass",
  "ResourceQuota",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
];

/** What a stack of hosts registers, each object after what it names. */
async function registered(defaultMode: string, cpus: number) {
  const config = hostsConfig((raw: Raw) => {
    raw.guard = { defaultMode };
    const containers = { defaultCpuMilli: 100, defaultMemoryMiB: 128 };
    raw.namespaces = { team: { guard: "enforce", defaults: true, quota: { cpus }, containers } };
  });
  const program = async () => hostsStack(config);
  const { registrations } = await record(program, { stack: "demo", preview: true });
  return registrations
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ type, name, inputs }) => ({ type, name, inputs: inputs as Inputs }));
}

describe("guard, priorities and namespaces by the embedded engine, on a real API server", function () {
  this.timeout(240_000);
  let server: ApiServer;
  const made = new Map<string, { id: string; inputs: Inputs; outputs: Outputs }>();

  before(async function () {
    if (apiServerPrograms() === undefined) {
      console.warn("SKIPPED: the guard's objects: no toolchain cache (make toolchain)");
      this.skip();
    }
    server = await startApiServer();
  });
  after(async () => server?.stop());

  const operation = (type: string, name: string) =>
    operationOn(type, name, { providerInputs: { kubeconfig: server.kubeconfig } });
  const one = (type: string, name: string) => {
    const found = made.get(`${type} ${name}`);
    assert.ok(found, `${type} ${name}`);
    return found;
  };

  it("are made, and the same again is no change", async () => {
    const objects = await registered("warn", 4);
    assert.deepEqual([...new Set(objects.map(({ type }) => type.split(":").at(-1)))].sort(), kinds);
    for (const { type, name, inputs: asked } of objects) {
      const context = operation(type, name);
      const inputs = await provider.check(type, asked, undefined, context);
      const { id, outputs } = await provider.create(type, inputs, context);
      const live = await provider.read(type, id, inputs, outputs, context);
      assert.ok(live, `${type} ${name}`);
      const { changedKeys } = await provider.diff(type, id, inputs, live, inputs, context);
      assert.deepEqual(changedKeys, [], `${type} ${name}`);
      made.set(`${type} ${name}`, { id, inputs, outputs: live });
    }
  });

  it("change in place with the stack's mode and a team's quota", async () => {
    const changed = new Set<string>();
    for (const { type, name, inputs: asked } of await registered("enforce", 8)) {
      const { id, inputs: before, outputs } = one(type, name);
      const context = operation(type, name);
      const inputs = await provider.check(type, asked, before, context);
      const diff = await provider.diff(type, id, before, outputs, inputs, context);
      assert.deepEqual(diff.replaceKeys, [], `${type} ${name}`);
      if (diff.changedKeys.length === 0) continue;
      changed.add(type.split(":").at(-1) ?? "");
      const after = await provider.update(type, id, before, outputs, inputs, context);
      made.set(`${type} ${name}`, { id, inputs, outputs: after });
    }
    assert.deepEqual(changed, new Set(["ValidatingAdmissionPolicyBinding", "ResourceQuota"]));
  });

  it("go one by one", async () => {
    // A namespace's end is its controller's work, and there is none here.
    for (const { type, name } of (await registered("enforce", 8)).toReversed()) {
      if (type.endsWith(":Namespace")) continue;
      const { id, inputs, outputs } = one(type, name);
      const context = operation(type, name);
      await provider.delete(type, id, inputs, outputs, context);
      assert.equal(await provider.read(type, id, inputs, outputs, context), undefined, name);
    }
  });
});
