import assert from "node:assert/strict";
import type { Cluster } from "../../doctor/cluster.ts";
import { diagnose } from "../../doctor/diagnose.ts";
import type { Finding } from "../../doctor/finding.ts";
import { app, claim, healthy, node, pod, webhook, zoneSpread } from "./clusters.ts";

/** "rule subject: losses (certainty)". */
const brief = ({ rule, subject, losses, certainty }: Finding) =>
  `${rule} ${subject}: ${losses.join(" ")} (${certainty})`;
const found = (change: (cluster: Cluster) => void) => diagnose(healthy(change)).findings.map(brief);

const firstApp = (cluster: Cluster) => {
  const [controller] = cluster.controllers;
  assert.ok(controller?.name === "shop" && controller.template.spec !== undefined);
  return { controller, spec: controller.template.spec };
};
const podsOf = (cluster: Cluster, name: string) =>
  cluster.pods.filter(({ metadata }) => metadata?.name?.startsWith(`${name}-`));
const moveTo = (cluster: Cluster, ...nodes: string[]) => {
  podsOf(cluster, "shop").forEach((one, index) => {
    if (one.spec !== undefined) one.spec.nodeName = nodes[index] ?? nodes[0] ?? "";
  });
};
const budgetOf = (cluster: Cluster) => {
  const [budget] = cluster.budgets;
  assert.ok(budget?.spec !== undefined && budget.status !== undefined);
  return { spec: budget.spec, status: budget.status };
};
const shop = "Deployment team/shop";
const guardWebhook = "ValidatingWebhookConfiguration guard (pods.example.com)";
const spreadWorkers = ["worker-a-1", "worker-b-1"];

/** What is done to a cluster with nothing wrong, and exactly what the doctor then finds. */
const saboteurs: [string, (cluster: Cluster) => void, string[]][] = [
  [
    "one replica",
    (cluster) => app(cluster, { name: "one", on: ["worker-a-1"], budget: false }),
    ["single-replica Deployment team/one: zone node drain (now)"],
  ],
  [
    "one replica behind a budget that keeps it",
    (cluster) => {
      app(cluster, { name: "one", on: ["worker-a-1"] }).budget.spec = {
        minAvailable: 1,
        selector: { matchLabels: { "app.kubernetes.io/name": "one" } },
      };
    },
    [
      "single-replica Deployment team/one: zone node drain (now)",
      "budget PodDisruptionBudget team/one: drain (now)",
    ],
  ],
  [
    "a pod that nobody keeps",
    (cluster) => cluster.pods.push(pod({ name: "alone", on: "worker-a-1" })),
    ["bare-pod Pod team/alone: zone node drain (now)"],
  ],
  [
    "replicas of which none is ready",
    (cluster) => {
      for (const one of podsOf(cluster, "shop")) one.status = { conditions: [] };
    },
    [`not-ready ${shop}: zone node drain (now)`],
  ],
  [
    "three replicas in one zone",
    (cluster) => moveTo(cluster, "worker-a-1", "worker-a-2"),
    [`spread ${shop}: zone (now)`],
  ],
  [
    "three replicas on one machine",
    (cluster) => moveTo(cluster, "worker-a-1"),
    [`spread ${shop}: zone node drain (now)`],
  ],
  [
    "three replicas of which only those of one zone are ready",
    (cluster) => {
      for (const one of podsOf(cluster, "shop").slice(1)) one.status = { conditions: [] };
    },
    [`spread ${shop}: zone node drain (now)`],
  ],
  [
    "a spread that the scheduler may ignore",
    (cluster) => {
      const [constraint] = firstApp(cluster).spec.topologySpreadConstraints ?? [];
      if (constraint !== undefined) constraint.whenUnsatisfiable = "ScheduleAnyway";
    },
    [`spread ${shop}: zone node (luck)`],
  ],
  [
    "a spread that selects other pods",
    (cluster) => {
      firstApp(cluster).spec.topologySpreadConstraints = [zoneSpread({ app: "other" })];
    },
    [`spread ${shop}: zone node (luck)`],
  ],
  [
    "a spread over machines alone",
    (cluster) => {
      const [constraint] = firstApp(cluster).spec.topologySpreadConstraints ?? [];
      if (constraint !== undefined) constraint.topologyKey = "kubernetes.io/hostname";
    },
    [`spread ${shop}: zone (luck)`],
  ],
  [
    "a skew so wide that one zone may have all",
    (cluster) => {
      const [constraint] = firstApp(cluster).spec.topologySpreadConstraints ?? [];
      if (constraint !== undefined) constraint.maxSkew = 3;
    },
    [`spread ${shop}: zone node (luck)`],
  ],
  ["no budget", (cluster) => void cluster.budgets.shift(), [`no-budget ${shop}: drain (luck)`]],
  [
    "a budget that lets none go",
    (cluster) => (budgetOf(cluster).spec.maxUnavailable = 0),
    ["budget PodDisruptionBudget team/shop: drain (now)"],
  ],
  [
    "a budget as high as the replicas, which only both together show",
    (cluster) => {
      const { spec } = budgetOf(cluster);
      delete spec.maxUnavailable;
      spec.minAvailable = 3;
    },
    ["budget PodDisruptionBudget team/shop: drain (now)"],
  ],
  [
    "a budget that waits for pods that are ill",
    (cluster) => (budgetOf(cluster).status.disruptionsAllowed = 0),
    ["budget-now PodDisruptionBudget team/shop: drain (now)"],
  ],
  [
    "two budgets for the same pods",
    (cluster) =>
      cluster.budgets.push({
        metadata: { name: "all", namespace: "team" },
        spec: { maxUnavailable: 1, selector: {} },
      }),
    [`budget-overlap ${shop}: drain (now)`],
  ],
  [
    "a container without requests",
    (cluster) => firstApp(cluster).spec.containers.push({ name: "side" }),
    [`requests ${shop}: zone node (luck)`],
  ],
  [
    "daemons without requests",
    (cluster) =>
      cluster.pods.push(
        pod({
          name: "agent-1",
          owner: { kind: "DaemonSet", name: "agent" },
          spec: { containers: [{ name: "agent" }] },
        }),
      ),
    ["requests DaemonSet team/agent: zone node (luck)"],
  ],
  [
    "pods that fill the machines, so that a zone's find no room",
    (cluster) => {
      const resources = { requests: { cpu: "3", memory: "1Gi" } };
      app(cluster, {
        name: "big",
        on: ["a", "b", "c"].flatMap((zone) => [`worker-${zone}-1`, `worker-${zone}-2`]),
        spec: { containers: [{ name: "main", resources }] },
      });
    },
    [
      "capacity Zone a: zone (now)",
      "capacity Zone b: zone (now)",
      "capacity Zone c: zone (now)",
      "capacity Each of the nodes worker-a-1, worker-a-2, worker-b-1 and 3 more: node (now)",
    ],
  ],
  [
    "a lost zone that still counts for the spread",
    (cluster) => {
      const [constraint] = firstApp(cluster).spec.topologySpreadConstraints ?? [];
      if (constraint !== undefined) delete constraint.nodeTaintsPolicy;
    },
    [`capacity ${shop}: zone (now)`],
  ],
  [
    "pods for which one machine alone is right",
    (cluster) => {
      firstApp(cluster).spec.nodeSelector = { "kubernetes.io/hostname": "worker-a-1" };
      moveTo(cluster, "worker-a-1");
    },
    [`spread ${shop}: zone node drain (now)`, `capacity ${shop}: zone node (now)`],
  ],
  [
    "a webhook with one replica",
    (cluster) => webhook(cluster, ["worker-a-1"]),
    [
      `webhook ${guardWebhook}: zone node drain admission (now)`,
      "single-replica Deployment guards/guard: zone node drain (now)",
    ],
  ],
  [
    "a webhook in one zone",
    (cluster) => webhook(cluster, ["worker-a-1", "worker-a-2"]),
    [`webhook ${guardWebhook}: zone admission (now)`, "spread Deployment guards/guard: zone (now)"],
  ],
  [
    "a webhook behind which nothing is",
    (cluster) => {
      webhook(cluster, spreadWorkers);
      cluster.services = [];
    },
    [`webhook ${guardWebhook}: admission (now)`],
  ],
  [
    "a webhook that says nothing of its failures, with one replica",
    (cluster) => webhook(cluster, ["worker-a-1"], (one) => delete one.failurePolicy),
    [
      `webhook ${guardWebhook}: zone node drain admission (now)`,
      "single-replica Deployment guards/guard: zone node drain (now)",
    ],
  ],
  [
    "a webhook for the pods of every namespace",
    (cluster) => webhook(cluster, spreadWorkers, (one) => delete one.namespaceSelector),
    [
      `webhook-system ${guardWebhook}: admission (now)`,
      `webhook-self ${guardWebhook}: admission (now)`,
    ],
  ],
  [
    "a webhook for everything, leases and nodes too",
    (cluster) =>
      webhook(cluster, spreadWorkers, (one) => {
        one.namespaceSelector = {
          matchExpressions: [
            { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["guards"] },
          ],
        };
        one.rules = [
          { apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*/*"] },
        ];
      }),
    [
      `webhook-system ${guardWebhook}: admission (now)`,
      `webhook-system ${guardWebhook}: admission (now)`,
      `webhook-system ${guardWebhook}: admission (now)`,
    ],
  ],
  [
    "a webhook for kube-system that conditions may narrow",
    (cluster) =>
      webhook(cluster, spreadWorkers, (one) => {
        one.namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } };
        one.matchConditions = [{ name: "few", expression: "object.metadata.name == 'x'" }];
      }),
    [`webhook-system ${guardWebhook}: admission (luck)`],
  ],
  [
    "a single API server",
    (cluster) => {
      cluster.pods = cluster.pods.filter(
        ({ metadata }) =>
          metadata?.labels?.component !== "kube-apiserver" ||
          metadata.name === "kube-apiserver-control-a",
      );
    },
    ["control-plane Control plane: API server: zone node drain (now)"],
  ],
  [
    "schedulers in one zone",
    (cluster) => {
      for (const { metadata, spec } of cluster.pods)
        if (metadata?.labels?.component === "kube-scheduler" && spec !== undefined)
          spec.nodeName = "control-a";
    },
    ["control-plane Control plane: scheduler: zone (now)"],
  ],
  [
    "two etcd members in one zone",
    (cluster) => (cluster.zoneByAddress["192.0.2.2"] = "a"),
    ["etcd etcd: 3 members: zone (now)"],
  ],
  [
    "a single etcd member",
    (cluster) => {
      for (const { metadata, spec } of cluster.pods)
        if (metadata?.labels?.component === "kube-apiserver" && spec?.containers[0] !== undefined)
          spec.containers[0].command = ["--etcd-servers=https://192.0.2.1:2379"];
    },
    ["etcd etcd: 1 member: zone node (now)"],
  ],
  [
    "stacked etcd of which a member is not ready",
    (cluster) => {
      for (const zone of ["a", "b", "c"])
        cluster.pods.push(
          pod({
            namespace: "kube-system",
            name: `etcd-control-${zone}`,
            on: `control-${zone}`,
            labels: { component: "etcd" },
            annotations: { "kubernetes.io/config.mirror": "1" },
            ready: zone !== "a",
          }),
        );
    },
    ["etcd etcd: 3 members: zone node (now)"],
  ],
  [
    "a machine that is not ready",
    (cluster) => {
      const [, worker] = cluster.nodes;
      if (worker?.status !== undefined)
        worker.status.conditions = [{ type: "Ready", status: "Unknown" }];
    },
    ["node Node worker-a-1: node zone (now)"],
  ],
  [
    "a machine that came back and is still said to be off",
    (cluster) => {
      const [, worker] = cluster.nodes;
      if (worker?.spec !== undefined)
        worker.spec.taints = [
          { key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" },
        ];
    },
    ["node Node worker-a-1: node (now)"],
  ],
  [
    "a machine without a zone",
    (cluster) => void cluster.nodes.push(node("worker-x", undefined)),
    ["zones 1 node: worker-x: zone (luck)"],
  ],
  [
    "a StatefulSet most of whose volumes stay in one zone",
    (cluster) => {
      const { pods } = app(cluster, {
        name: "ledger",
        kind: "StatefulSet",
        on: ["worker-a-1", "worker-a-2", "worker-b-1"],
        spec: { volumes: [] },
      });
      pods.forEach((one, index) => {
        if (one.spec !== undefined) one.spec.volumes = [];
        claim(cluster, one, `data-ledger-${index}`, { zone: index < 2 ? "a" : "b" });
      });
    },
    [
      "volumes StatefulSet team/ledger: zone (now)",
      // A hard spread does not let a second one back into its zone.
      "capacity StatefulSet team/ledger: node (now)",
    ],
  ],
  [
    "a StatefulSet whose volumes are on the machines of one zone",
    (cluster) => {
      const on = ["worker-a-1", "worker-a-2", "worker-b-1"];
      const { pods } = app(cluster, { name: "ledger", kind: "StatefulSet", on });
      pods.forEach((one, index) => {
        if (one.spec !== undefined) one.spec.volumes = [];
        claim(cluster, one, `data-ledger-${index}`, { node: on[index] ?? "" });
      });
    },
    ["volumes StatefulSet team/ledger: zone (now)"],
  ],
  [
    "replicas that share a volume of one machine",
    (cluster) => {
      for (const one of podsOf(cluster, "shop")) {
        if (one.spec !== undefined) one.spec.volumes = [];
        claim(cluster, one, "shared", {});
      }
    },
    [`shared-volume ${shop}: zone node drain (now)`],
  ],
];

/** What looks much like the above and survives. */
const healthyCounterparts: [string, (cluster: Cluster) => void][] = [
  [
    "daemons that every node needs, without requests",
    (cluster) =>
      cluster.pods.push(
        pod({
          name: "proxy-1",
          owner: { kind: "DaemonSet", name: "proxy" },
          spec: { containers: [{ name: "proxy" }], priorityClassName: "system-node-critical" },
        }),
      ),
  ],
  ["a workload scaled to nothing", (cluster) => app(cluster, { name: "none", on: [] })],
  [
    "replicas that required anti-affinity keeps in different zones",
    (cluster) => {
      const { spec } = firstApp(cluster);
      spec.topologySpreadConstraints = [];
      spec.affinity = {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: "topology.kubernetes.io/zone",
              labelSelector: { matchLabels: { "app.kubernetes.io/name": "shop" } },
            },
          ],
        },
      };
    },
  ],
  [
    "a budget by share",
    (cluster) => {
      const { spec } = budgetOf(cluster);
      delete spec.maxUnavailable;
      spec.minAvailable = "50%";
    },
  ],
  [
    "requests of the whole pod",
    (cluster) => {
      const { spec } = firstApp(cluster);
      spec.containers.push({ name: "side" });
      spec.resources = { requests: { cpu: "1", memory: "1Gi" } };
    },
  ],
  ["a webhook with replicas in two zones, for a team's pods", (c) => webhook(c, spreadWorkers)],
  [
    "a webhook that fails open, for everything",
    (cluster) =>
      webhook(cluster, spreadWorkers, (one) => {
        one.failurePolicy = "Ignore";
        delete one.namespaceSelector;
      }),
  ],
  [
    "a webhook for its own kinds in every namespace",
    (cluster) =>
      webhook(cluster, spreadWorkers, (one) => {
        delete one.namespaceSelector;
        one.rules = [
          {
            apiGroups: ["example.com"],
            apiVersions: ["*"],
            operations: ["*"],
            resources: ["*/*"],
          },
        ];
      }),
  ],
  [
    "a webhook for labelled pods, of which kube-system has none",
    (cluster) =>
      webhook(cluster, spreadWorkers, (one) => {
        delete one.namespaceSelector;
        one.objectSelector = { matchLabels: { inject: "yes" } };
      }),
  ],
  [
    "a StatefulSet with a volume in each zone and no spread: the volumes keep it apart",
    (cluster) => {
      const { pods } = app(cluster, {
        name: "ledger",
        kind: "StatefulSet",
        spec: { topologySpreadConstraints: [] },
      });
      pods.forEach((one, index) => {
        if (one.spec !== undefined) one.spec.volumes = [];
        claim(cluster, one, `data-ledger-${index}`, { zone: ["a", "b", "c"][index] ?? "" });
      });
    },
  ],
  [
    "replicas that share a volume of many machines",
    (cluster) => {
      for (const one of podsOf(cluster, "shop")) {
        if (one.spec !== undefined) one.spec.volumes = [];
        claim(cluster, one, "shared", { modes: ["ReadWriteMany"] });
      }
      cluster.storageClasses.push({
        metadata: { name: "block" },
        provisioner: "rook-ceph.cephfs.csi.ceph.com",
      });
    },
  ],
  [
    "a managed control plane, of which the cluster shows nothing",
    (cluster) => {
      cluster.nodes = cluster.nodes.filter(({ metadata }) => metadata?.name?.startsWith("worker"));
      cluster.pods = cluster.pods.filter(({ metadata }) => metadata?.labels?.tier === undefined);
    },
  ],
];

describe("the doctor", () => {
  it("finds nothing in a cluster with nothing wrong, and knows all it asked", () => {
    const { findings, accepted, unknown, looked } = diagnose(healthy());
    assert.deepEqual([findings, accepted, unknown], [[], [], []]);
    assert.deepEqual(looked, { nodes: 9, zones: 3, workloads: 2, pods: 17, webhooks: 0 });
  });

  for (const [what, change, expected] of saboteurs)
    it(`finds ${what}`, () => assert.deepEqual(found(change), expected));

  for (const [what, change] of healthyCounterparts)
    it(`finds nothing wrong with ${what}`, () => {
      const { findings, unknown } = diagnose(healthy(change));
      assert.deepEqual([findings.map(brief), unknown], [[], []]);
    });

  it("takes an accepted outage for no finding, and tells of it", () => {
    const annotations = { "quorum.dev/single-replica": "accepted" };
    const { findings, accepted } = diagnose(
      healthy((cluster) => {
        app(cluster, { name: "one", on: ["worker-a-1"], budget: false, annotations });
        cluster.pods.push(pod({ name: "alone", on: "worker-a-1", annotations }));
      }),
    );
    assert.deepEqual(findings.map(brief), []);
    assert.deepEqual(
      accepted.map(({ subject }) => subject),
      ["Deployment team/one", "Pod team/alone"],
    );
  });

  it("takes a waiver that says anything else for none", () => {
    const annotations = { "quorum.dev/single-replica": "yes" };
    assert.deepEqual(
      found((cluster) =>
        app(cluster, { name: "one", on: ["worker-a-1"], budget: false, annotations }),
      ),
      ["single-replica Deployment team/one: zone node drain (now)"],
    );
  });

  it("judges workloads of kinds that it does not read by their pods", () => {
    const brokers = (cluster: Cluster, ...on: string[]) => {
      on.forEach((where, index) => {
        const owner = { kind: "StrimziPodSet", name: "kafka" };
        cluster.pods.push(pod({ name: `kafka-${index}`, on: where, owner }));
      });
    };
    assert.deepEqual(
      found((cluster) => brokers(cluster, "worker-a-1", "worker-a-2")),
      [
        "spread StrimziPodSet team/kafka: zone (now)",
        "no-budget StrimziPodSet team/kafka: drain (luck)",
      ],
    );
  });

  it("leaves room that an autoscaler may find to luck", () => {
    const resources = { requests: { cpu: "3", memory: "1Gi" } };
    const findings = found((cluster) => {
      app(cluster, { name: "cluster-autoscaler", namespace: "kube-system", on: spreadWorkers });
      app(cluster, {
        name: "big",
        on: ["a", "b", "c"].flatMap((zone) => [`worker-${zone}-1`, `worker-${zone}-2`]),
        spec: { containers: [{ name: "main", resources }] },
      });
    });
    assert.ok(
      findings.length > 0 && findings.every((one) => one.endsWith("(luck)")),
      `${findings}`,
    );
  });

  it("says what it does not know instead of calling it well", () => {
    const { findings, unknown } = diagnose(
      healthy((cluster) => {
        cluster.zoneByAddress = {};
        webhook(cluster, spreadWorkers, (one) => {
          one.clientConfig = { url: "https://guard.example.com/pods?token=x" };
        });
        for (const one of podsOf(cluster, "shop").slice(0, 1)) {
          if (one.spec !== undefined) one.spec.volumes = [];
          claim(cluster, one, "data", {});
        }
      }),
    );
    assert.deepEqual(findings.map(brief), []);
    assert.deepEqual(unknown, [
      "in which zones the 3 etcd members are",
      `what stands behind ${guardWebhook}: it is outside the cluster (guard.example.com)`,
      'where volumes of class "block" (no provisioner) can be used',
    ]);
  });

  it("names the fix in each finding, and puts what would happen first", () => {
    for (const [, change] of saboteurs) {
      const { findings } = diagnose(healthy(change));
      for (const { because, fix } of findings) assert.ok(because.length > 10 && fix.length > 10);
      const order = findings.map(({ certainty }) => certainty);
      assert.deepEqual(order, order.toSorted().toReversed());
    }
  });
});
