import assert from "node:assert/strict";
import { hasMutatingPolicies } from "../../../config/features.ts";
import { planDefaults } from "../../../design/guard/defaults.ts";
import { planGuard } from "../../../design/guard/guard.ts";
import { planNamespace } from "../../../design/guard/namespace.ts";
import { apiErrors } from "../../support/kubernetesSchema.ts";

const rules = ["single-replica", "spread", "requests", "budget"];

describe("the guard", () => {
  const plan = planGuard({ defaultMode: "warn" });

  it("has one policy for each rule, and one binding for each of its modes", () => {
    assert.deepEqual(
      plan.policies.map(({ metadata }) => metadata.name),
      rules.map((rule) => `quorum-${rule}`),
    );
    assert.deepEqual(
      plan.bindings.map(({ metadata, spec }) => [metadata.name, spec.validationActions[0]]),
      rules.flatMap((rule) => [
        [`quorum-${rule}-enforce`, "Deny"],
        [`quorum-${rule}-warn`, "Warn"],
      ]),
    );
  });

  it("never stands in the way of the cluster itself", () => {
    for (const { spec } of plan.policies) assert.equal(spec.failurePolicy, "Ignore");
    for (const { spec } of plan.bindings)
      assert.deepEqual(spec.matchResources.namespaceSelector.matchExpressions[0], {
        key: "kubernetes.io/metadata.name",
        operator: "NotIn",
        values: ["kube-system", "kube-public", "kube-node-lease"],
      });
  });

  const modeOf = (defaultMode: "enforce" | "warn" | "off") =>
    Object.fromEntries(
      planGuard({ defaultMode })
        .bindings.filter(({ spec }) => spec.policyName === "quorum-spread")
        .map(({ metadata, spec }) => [
          metadata.name.split("-").at(-1),
          spec.matchResources.namespaceSelector.matchExpressions[1],
        ]),
    );
  const label = "quorum.dev/guard";

  it("warns where a namespace says nothing, unless the stack wants otherwise", () => {
    const enforced = { key: label, operator: "In", values: ["enforce"] };
    const warned = { key: label, operator: "In", values: ["warn"] };
    assert.deepEqual(modeOf("warn"), {
      enforce: enforced,
      warn: { key: label, operator: "NotIn", values: ["enforce", "off"] },
    });
    assert.deepEqual(modeOf("enforce"), {
      enforce: { key: label, operator: "NotIn", values: ["warn", "off"] },
      warn: warned,
    });
    assert.deepEqual(modeOf("off"), { enforce: enforced, warn: warned });
  });
});

describe("defaults", () => {
  const { policies, bindings } = planDefaults();

  it("are there only where the API server can write them", () => {
    assert.deepEqual(planGuard({ defaultMode: "warn" }).defaults.policies, []);
    assert.deepEqual(planGuard({ defaultMode: "warn", defaults: true }).defaults, {
      policies,
      bindings,
    });
    assert.deepEqual(["1.33", "1.35", "1.36", "1.36.3", "1.37"].map(hasMutatingPolicies), [
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it("are for namespaces that ask for them, never for the cluster's own, and stop nothing", () => {
    for (const { spec } of policies) assert.equal(spec.failurePolicy, "Ignore");
    for (const { spec } of bindings)
      assert.deepEqual(spec.matchResources.namespaceSelector, {
        matchLabels: { "quorum.dev/defaults": "apply" },
        matchExpressions: [
          {
            key: "kubernetes.io/metadata.name",
            operator: "NotIn",
            values: ["kube-system", "kube-public", "kube-node-lease"],
          },
        ],
      });
  });
});

describe("a team's namespace", () => {
  const config = {
    name: "team",
    guard: "enforce",
    quota: { cpus: 20, memoryGiB: 64, pods: 100, storageGiB: 500 },
    containers: { defaultCpuMilli: 100, defaultMemoryMiB: 128, maxMemoryMiB: 8192 },
  } as const;

  it("has its mode, its quota and what containers get that say nothing", () => {
    const plan = planNamespace(config);
    assert.deepEqual(plan.namespace.metadata.labels, { "quorum.dev/guard": "enforce" });
    assert.deepEqual(plan.quota?.spec.hard, {
      "requests.cpu": "20",
      "requests.memory": "64Gi",
      "requests.storage": "500Gi",
      pods: "100",
    });
    assert.deepEqual(plan.limits?.spec.limits, [
      {
        type: "Container",
        defaultRequest: { cpu: "100m", memory: "128Mi" },
        default: { memory: "128Mi" },
        max: { memory: "8192Mi" },
      },
    ]);
  });

  it("asks for defaults by a label", () =>
    assert.deepEqual(
      planNamespace({ name: "team", guard: "warn", defaults: true }).namespace.metadata.labels,
      { "quorum.dev/guard": "warn", "quorum.dev/defaults": "apply" },
    ));

  it("is only a namespace when nothing else is asked", () =>
    assert.deepEqual(planNamespace({ name: "team" }), {
      namespace: { apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } },
    }));

  it("is refused a quota that would refuse every pod without requests", () =>
    assert.throws(
      () => planNamespace({ name: "team", quota: { cpus: 20 } }),
      /namespace team: quota\.cpus and quota\.memoryGiB refuse pods without requests/,
    ));

  for (const object of [
    ...Object.values(planNamespace(config)),
    ...planGuard({ defaultMode: "warn" }).policies,
    ...planGuard({ defaultMode: "warn" }).bindings,
    ...planDefaults().policies,
    ...planDefaults().bindings,
  ])
    it(`is made of what the API of Kubernetes 1.36.3 takes: ${object.kind} ${object.metadata.name}`, () =>
      assert.deepEqual(apiErrors(object), []));
});
