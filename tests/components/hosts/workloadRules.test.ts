import assert from "node:assert/strict";
import { hostsStack } from "../../../components/hosts/stack.ts";
import { guardArgs, planGuard } from "../../../design/guard/guard.ts";
import { planNamespace } from "../../../design/guard/namespace.ts";
import { priorityClasses } from "../../../design/workloads/priorities.ts";
import { hostsConfig, type Raw } from "../../support/fixtures.ts";
import { type Recording, record } from "../../support/mocks.ts";
import { realPreview } from "../../support/realPreview.ts";

const settings = {
  guard: "enforce",
  defaults: true,
  quota: { cpus: 4, pods: 10 },
  containers: { defaultCpuMilli: 100, defaultMemoryMiB: 128 },
} as const;
const ruled = (raw: Raw) => {
  raw.guard = {};
  raw.namespaces = { team: settings, another: {} };
};
const recordingOf = (change: (raw: Raw) => void) =>
  record(async () => hostsStack(hostsConfig(change)), { stack: "demo", preview: true });
const objectsOf = ({ registrations }: Recording) =>
  registrations.filter(({ type }) => type.startsWith("kubernetes:"));
const named = (objects: readonly Raw[]) =>
  new Map(
    objects.map((one) => [`${one.kind} ${one.metadata.namespace ?? ""}/${one.metadata.name}`, one]),
  );

describe("guard, priorities and teams' namespaces on hosts", () => {
  let recording: Recording;
  before(async () => {
    recording = await recordingOf(ruled);
  });

  it("are the objects that the layer registers on AWS", () => {
    const config = hostsConfig(ruled);
    assert.ok(config.guard);
    const { policies, bindings, defaults } = planGuard(guardArgs(config.guard, config.kubernetes));
    const { namespace, quota, limits } = planNamespace({ name: "team", ...settings });
    assert.deepEqual(
      named(objectsOf(recording).map(({ inputs }) => inputs)),
      named([
        ...priorityClasses(),
        ...policies,
        ...bindings,
        ...defaults.policies,
        ...defaults.bindings,
        namespace,
        quota,
        limits,
        planNamespace({ name: "another" }).namespace,
      ]),
    );
  });

  it("come each with its own key only", async () => {
    const kinds = async (change: (raw: Raw) => void) =>
      new Set(objectsOf(await recordingOf(change)).map(({ type }) => type.split(":").at(-1)));
    assert.deepEqual(await kinds(() => {}), new Set());
    assert.deepEqual(await kinds((raw) => (raw.namespaces = { team: {} })), new Set(["Namespace"]));
    assert.equal((await kinds((raw) => (raw.guard = {}))).has("Namespace"), false);
  });

  it("are made once every machine is ready, and are gone with the cluster before a machine is", () => {
    const machines = recording.ofType("quorum:hosts:Machine").map(({ name }) => name);
    assert.equal(machines.length, 9);
    const provider = recording.find("pulumi:providers:kubernetes", "demo-rules");
    for (const machine of machines)
      assert.ok(provider.dependencies.includes(`${machine}-ready`), machine);
    for (const object of objectsOf(recording)) {
      assert.match(object.provider, /::demo-rules::/, object.name);
      assert.equal(object.deletedWith, "demo", object.name);
    }
  });

  it("keep namespaces from deletion until the stack allows it, and priorities for good", async () => {
    const open = await recordingOf((raw) => {
      ruled(raw);
      raw.deletionProtection = false;
    });
    for (const [found, protect] of [
      [recording, true],
      [open, false],
    ] as const) {
      for (const name of ["demo-team", "demo-another"])
        assert.equal(found.find("kubernetes:core/v1:Namespace", name).protect, protect, name);
      const retained = objectsOf(found).filter(({ retainOnDelete }) => retainOnDelete);
      assert.deepEqual(named(retained.map(({ inputs }) => inputs)), named(priorityClasses()));
    }
  });

  it("touch no machine when they come or change", async () => {
    const commands = async (change: (raw: Raw) => void) =>
      (await recordingOf(change))
        .ofType("command:remote:Command")
        .map(({ name, inputs }) => [name, JSON.stringify(inputs)]);
    const without = await commands(() => {});
    assert.ok(without.length > 0);
    for (const change of [
      ruled,
      (raw: Raw) => {
        ruled(raw);
        raw.guard = { defaultMode: "enforce" };
      },
    ])
      assert.deepEqual(await commands(change), without);
  });

  describe("in a real preview", function () {
    this.timeout(240_000);
    const planned = async (stack: string) =>
      (await realPreview(stack)).steps.flatMap(({ op, newState }) => {
        const [, group = "", kind = ""] = newState?.type.split(":") ?? [];
        const ofRules = /^(admissionregistration|scheduling)\.k8s\.io\//.test(group);
        const ofNamespaces = ["Namespace", "ResourceQuota", "LimitRange"].includes(kind);
        return newState?.type.startsWith("kubernetes:") && (ofRules || ofNamespaces)
          ? [`${op} ${kind}`]
          : [];
      });

    it("are planned as objects for a stack that asks for them", async () => {
      assert.deepEqual(
        new Set(await planned("onprem")),
        new Set([
          "create PriorityClass",
          "create ValidatingAdmissionPolicy",
          "create ValidatingAdmissionPolicyBinding",
          "create MutatingAdmissionPolicy",
          "create MutatingAdmissionPolicyBinding",
          "create Namespace",
          "create ResourceQuota",
          "create LimitRange",
        ]),
      );
    });

    it("are not planned for a stack that does not", async () => {
      assert.deepEqual(await planned("lab"), []);
    });
  });
});
