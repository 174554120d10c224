import assert from "node:assert/strict";
import { Guard } from "../../../components/guard/guard.ts";
import { TeamNamespace } from "../../../components/guard/teamNamespace.ts";
import { planGuard } from "../../../design/guard/guard.ts";
import { planNamespace } from "../../../design/guard/namespace.ts";
import { priorityClasses } from "../../../design/workloads/priorities.ts";
import { record } from "../../support/mocks.ts";

const run = (program: () => void) =>
  record(async () => program(), { stack: "demo", preview: true });

describe("guard components", () => {
  it("register priorities, policies, and each binding after its policy", async () => {
    const recording = await run(
      () => new Guard("demo", { defaultMode: "enforce", defaults: true }),
    );
    const { policies, bindings, defaults } = planGuard({
      defaultMode: "enforce",
      defaults: true,
    });
    const written = [...defaults.policies, ...defaults.bindings];
    assert.deepEqual(
      recording.registrations
        .filter(({ custom }) => custom)
        .map(({ inputs }) => inputs)
        .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
      [...priorityClasses(), ...policies, ...bindings, ...written].toSorted((a, b) =>
        JSON.stringify(a).localeCompare(JSON.stringify(b)),
      ),
    );
    for (const kind of ["ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding"]) {
      const found = recording.ofType(`kubernetes:admissionregistration.k8s.io/v1:${kind}`);
      assert.ok(found.length > 0);
      for (const { dependencies, inputs } of found)
        assert.deepEqual(dependencies, [`demo-${inputs.spec.policyName}`]);
    }
    for (const { type, name, retainOnDelete } of recording.registrations)
      assert.equal(retainOnDelete, type.endsWith(":PriorityClass"), name);
    assert.deepEqual(recording.find("quorum:guard:Guard", "demo").inputs, {
      defaultMode: "enforce",
    });
  });

  it("register a team's namespace, protected where asked, before what bounds it", async () => {
    const config = {
      name: "team",
      quota: { cpus: 4 },
      containers: { defaultCpuMilli: 100, defaultMemoryMiB: 128 },
    };
    const plan = planNamespace(config);
    const recording = await run(
      () => new TeamNamespace("team", { namespace: config, protect: true }),
    );
    const found = recording.find("kubernetes:core/v1:Namespace", "team");
    assert.deepEqual([found.inputs, found.protect], [plan.namespace, true]);
    for (const [type, inputs] of [
      ["kubernetes:core/v1:ResourceQuota", plan.quota],
      ["kubernetes:core/v1:LimitRange", plan.limits],
    ] as const) {
      const { inputs: actual, dependencies } = recording.find(type, "team");
      assert.deepEqual([actual, dependencies], [inputs, ["team"]]);
    }
  });
});
