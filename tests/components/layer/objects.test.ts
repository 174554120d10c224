import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { ec2Stack } from "../../../components/ec2/stack.ts";
import { eksStack } from "../../../components/eks/stack.ts";
import { planEks } from "../../../design/eks.ts";
import { definitionErrors } from "../../support/customSchema.ts";
import { ec2Config, eksConfig } from "../../support/fixtures.ts";
import { apiErrors } from "../../support/kubernetesSchema.ts";
import { everything } from "../../support/layers.ts";
import { type Recording, record } from "../../support/mocks.ts";

interface KubernetesObject {
  apiVersion: string;
  kind: string;
}

/** Objects that the program writes itself; those of charts are their publishers'. */
function objects({ registrations }: Recording): { name: string; object: KubernetesObject }[] {
  return registrations
    .filter(({ type }) => type.startsWith("kubernetes:") && !type.startsWith("kubernetes:helm"))
    .map(({ name, inputs }) => ({ name, object: inputs as KubernetesObject }));
}

const hasDefinition = ({ apiVersion, kind }: KubernetesObject) =>
  existsSync(
    new URL(`../../schemas/${apiVersion.split("/")[0]}_${kind}.json`, import.meta.url).pathname,
  );

const platforms = {
  eks: () =>
    record(async () => eksStack(planEks(eksConfig(everything("eks")))), {
      stack: "demo",
      preview: false,
    }),
  ec2: () =>
    record(async () => ec2Stack(ec2Config(everything("ec2"))), { stack: "demo", preview: false }),
};

for (const [platform, run] of Object.entries(platforms))
  describe(`every object on a cluster of platform ${platform}`, () => {
    let recording: Recording;
    before(async function () {
      this.timeout(120_000);
      recording = await run();
    });

    it("of a custom kind is what its definition takes, any other what Kubernetes 1.36.3 takes", () => {
      const all = objects(recording);
      const custom = all.filter(({ object }) => hasDefinition(object));
      assert.deepEqual(
        [...new Set(custom.map(({ object }) => object.kind))].toSorted(),
        [
          "CephBlockPool",
          "CephCluster",
          "CephFilesystem",
          "CephObjectStore",
          "PrometheusRule",
          "StorageCluster",
          "TargetGroupBinding",
          "VolumeSnapshotClass",
        ],
        "custom kinds",
      );
      for (const { name, object } of all)
        assert.deepEqual(
          hasDefinition(object) ? definitionErrors(object) : apiErrors(object),
          [],
          `${object.kind} ${name}`,
        );
    });

    it("keeps at least two of each replicated workload apart by zone, with a budget", () => {
      const deployments = recording.ofType("kubernetes:apps/v1:Deployment");
      assert.ok(deployments.length > 0);
      for (const { inputs } of deployments) {
        assert.ok(inputs.spec.replicas >= 2);
        const [spread] = inputs.spec.template.spec.topologySpreadConstraints;
        assert.deepEqual(
          [spread.topologyKey, spread.whenUnsatisfiable, spread.nodeTaintsPolicy],
          ["topology.kubernetes.io/zone", "DoNotSchedule", "Honor"],
        );
        const budget = recording
          .ofType("kubernetes:policy/v1:PodDisruptionBudget")
          .find(({ inputs: one }) => one.metadata.name === inputs.metadata.name);
        assert.equal(budget?.inputs.spec.maxUnavailable, 1);
        for (const container of inputs.spec.template.spec.containers)
          assert.ok(container.resources.requests.cpu && container.resources.requests.memory);
      }
    });
  });
