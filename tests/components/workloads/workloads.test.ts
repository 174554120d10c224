import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { HighlyAvailableDeployment } from "../../../components/workloads/highlyAvailableDeployment.ts";
import { HighlyAvailableStatefulSet } from "../../../components/workloads/highlyAvailableStatefulSet.ts";
import { planDeployment } from "../../../design/workloads/deployment.ts";
import { planStatefulSet } from "../../../design/workloads/statefulSet.ts";
import { record } from "../../support/mocks.ts";
import { statefulWorkload, workload } from "../../support/workloads.ts";

const deploymentType = "kubernetes:apps/v1:Deployment";
const setType = "kubernetes:apps/v1:StatefulSet";
const budgetType = "kubernetes:policy/v1:PodDisruptionBudget";
const serviceType = "kubernetes:core/v1:Service";
const facts = { namespace: "team", zones: ["a", "b", "c"], replicas: 3 };

describe("workload components", () => {
  it("register a Deployment with its budget and Service, and say where it stands", async () => {
    const recording = await record(
      async () => void new HighlyAvailableDeployment("shop", workload()),
      { stack: "demo", preview: true },
    );
    const plan = planDeployment(workload());
    const component = "quorum:workloads:HighlyAvailableDeployment";
    assert.deepEqual(
      recording.registrations.map(({ type, inputs, parent }) => [type, inputs, parent]).toSorted(),
      [
        [component, facts, "pulumi:pulumi:Stack::quorum-demo"],
        [budgetType, plan.budget, `${component}::shop`],
        [deploymentType, plan.deployment, `${component}::shop`],
        [serviceType, plan.service, `${component}::shop`],
      ].toSorted(),
    );
    assert.deepEqual(recording.find(deploymentType, "shop").dependencies, ["shop"]);
  });

  it("register a StatefulSet after its budget and the Service that names its replicas", async () => {
    const recording = await record(
      async () => void new HighlyAvailableStatefulSet("shop", statefulWorkload()),
      { stack: "demo", preview: true },
    );
    const plan = planStatefulSet(statefulWorkload());
    const component = "quorum:workloads:HighlyAvailableStatefulSet";
    assert.deepEqual(recording.find(component, "shop").inputs, facts);
    assert.deepEqual(recording.find(setType, "shop").inputs, plan.statefulSet);
    assert.deepEqual(recording.find(budgetType, "shop").inputs, plan.budget);
    assert.deepEqual(recording.find(serviceType, "shop").inputs, plan.service);
    assert.deepEqual(recording.find(setType, "shop").dependencies, ["shop", "shop"]);
  });

  it("take the team's provider from its options, for every object", async () => {
    const recording = await record(
      async () => {
        const { Provider } = await import("@pulumi/kubernetes/provider.js");
        const provider = new Provider("team", { kubeconfig: pulumi.secret("{}") });
        new HighlyAvailableDeployment("shop", workload(), { provider });
      },
      { stack: "demo", preview: true },
    );
    for (const type of [deploymentType, budgetType, serviceType])
      assert.match(recording.find(type, "shop").provider, /::team::/);
  });

  it("register nothing of a workload that could not survive", async () => {
    await assert.rejects(
      record(async () => void new HighlyAvailableDeployment("shop", workload({ replicas: 1 })), {
        stack: "demo",
        preview: true,
      }),
      /replicas 1: one replica is down with its machine/,
    );
  });
});
