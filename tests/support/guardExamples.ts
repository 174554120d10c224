import { planDeployment } from "../../design/workloads/deployment.ts";
import { planStatefulSet } from "../../design/workloads/statefulSet.ts";
import type { Raw } from "./fixtures.ts";
import { statefulWorkload, workload } from "./workloads.ts";

export const deployment = (change: (one: Raw) => void = () => {}): Raw => {
  const one: Raw = structuredClone(planDeployment(workload()).deployment);
  change(one);
  return one;
};
const budget = (spec: Raw): Raw => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: "shop", namespace: "team" },
  spec: { selector: { matchLabels: { app: "shop" } }, ...spec },
});
const daemons = (resources: Raw): Raw => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "agent", namespace: "team" },
  spec: {
    selector: { matchLabels: { app: "agent" } },
    template: {
      metadata: { labels: { app: "agent" } },
      spec: { containers: [{ name: "main", image: "agent:1", resources }] },
    },
  },
});
const one = (change: (one: Raw) => void = () => {}) =>
  deployment((object) => {
    object.spec.replicas = 1;
    change(object);
  });
/** Required anti-affinity by zone instead of a spread. */
export const zoneApart = (object: Raw) => {
  delete object.spec.template.spec.topologySpreadConstraints;
  object.spec.template.spec.affinity = {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        {
          topologyKey: "topology.kubernetes.io/zone",
          labelSelector: object.spec.selector,
        },
      ],
    },
  };
};

/** What each policy lets pass, and what it refuses: objects named "shop" or "agent" for namespace "team". */
export const examples: Record<string, { accepted: [string, Raw][]; refused: [string, Raw][] }> = {
  "single-replica": {
    accepted: [
      ["three replicas", deployment()],
      ["none", deployment((object) => (object.spec.replicas = 0))],
      [
        "one whose outage is accepted",
        one(
          (object) => (object.metadata.annotations = { "quorum.dev/single-replica": "accepted" }),
        ),
      ],
      ["a StatefulSet of ours", planStatefulSet(statefulWorkload()).statefulSet],
    ],
    refused: [
      ["one replica", one()],
      ["a number left out, which is one", deployment((object) => delete object.spec.replicas)],
      [
        "one with a waiver that says nothing",
        one((object) => (object.metadata.annotations = { "quorum.dev/single-replica": "" })),
      ],
    ],
  },
  spread: {
    accepted: [
      ["a hard spread over zones", deployment()],
      ["required anti-affinity by zone", deployment(zoneApart)],
    ],
    refused: [
      [
        "no spread",
        deployment((object) => delete object.spec.template.spec.topologySpreadConstraints),
      ],
      [
        "a spread that the scheduler may ignore",
        deployment((object) => {
          object.spec.template.spec.topologySpreadConstraints[0].whenUnsatisfiable =
            "ScheduleAnyway";
        }),
      ],
      [
        "a spread over machines only",
        deployment((object) => {
          object.spec.template.spec.topologySpreadConstraints[0].topologyKey =
            "kubernetes.io/hostname";
        }),
      ],
    ],
  },
  requests: {
    accepted: [
      ["requests of both", deployment()],
      ["a DaemonSet with both", daemons({ requests: { cpu: "50m", memory: "64Mi" } })],
    ],
    refused: [
      ["a DaemonSet without any", daemons({})],
      ["requests of CPU alone", daemons({ requests: { cpu: "50m" } })],
      [
        "a second container without any",
        deployment((object) =>
          object.spec.template.spec.containers.push({ name: "side", image: "side:1" }),
        ),
      ],
    ],
  },
  budget: {
    accepted: [
      ["one at a time", planDeployment(workload()).budget],
      ["two that must stay", budget({ minAvailable: 2 })],
      ["half", budget({ maxUnavailable: "50%" })],
    ],
    refused: [
      ["none may go", budget({ maxUnavailable: 0 })],
      ["none of a hundred may go", budget({ maxUnavailable: "0%" })],
      ["all must stay", budget({ minAvailable: "100%" })],
    ],
  },
};
