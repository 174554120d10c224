import assert from "node:assert/strict";
import { planDeployment } from "../../../design/workloads/deployment.ts";
import { priorities, priorityClasses } from "../../../design/workloads/priorities.ts";
import { planStatefulSet } from "../../../design/workloads/statefulSet.ts";
import { machineShutdownSeconds } from "../../../design/workloads/workload.ts";
import { apiErrors } from "../../support/kubernetesSchema.ts";
import { statefulWorkload, workload } from "../../support/workloads.ts";

const labels = { "app.kubernetes.io/name": "shop" };

describe("a highly available Deployment", () => {
  const plan = planDeployment(workload());
  const spec = plan.deployment.spec;
  const pod = spec.template.spec;

  it("has a replica in each zone, and a hard spread that a lost zone does not block", () => {
    assert.equal(spec.replicas, 3);
    assert.deepEqual(pod.topologySpreadConstraints, [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
        nodeTaintsPolicy: "Honor",
        labelSelector: { matchLabels: labels },
        matchLabelKeys: ["pod-template-hash"],
      },
    ]);
  });

  it("keeps replicas on machines of their own while there are some, or always when asked", () => {
    const term = {
      topologyKey: "kubernetes.io/hostname",
      labelSelector: { matchLabels: labels },
      matchLabelKeys: ["pod-template-hash"],
    };
    assert.deepEqual(pod.affinity, {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }],
      },
    });
    const strict = planDeployment(workload({ apart: "required" }));
    assert.deepEqual(strict.deployment.spec.template.spec.affinity, {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
    });
  });

  it("always lets one replica go, and one that is not ready at any time", () => {
    assert.deepEqual(plan.budget.spec, {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: labels },
    });
    assert.deepEqual(spec.selector, { matchLabels: labels });
    assert.deepEqual(spec.template.metadata.labels, labels);
  });

  it("loses no replica to a rollout", () => {
    assert.deepEqual(spec.strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
    assert.equal(spec.minReadySeconds, 5);
  });

  it("leaves a machine that does not answer after 10 s", () => {
    assert.deepEqual(
      pod.tolerations.map(({ key, effect, tolerationSeconds }) => [key, effect, tolerationSeconds]),
      [
        ["node.kubernetes.io/not-ready", "NoExecute", 10],
        ["node.kubernetes.io/unreachable", "NoExecute", 10],
      ],
    );
  });

  it("serves until load balancers have noticed, and ends within a machine's shutdown", () => {
    assert.deepEqual(pod.containers[0]?.lifecycle, { preStop: { sleep: { seconds: 5 } } });
    assert.equal(pod.terminationGracePeriodSeconds, 25);
    assert.ok(pod.terminationGracePeriodSeconds <= machineShutdownSeconds);
  });

  it("says what it needs and what it is worth", () => {
    assert.deepEqual(pod.containers[0]?.resources, {
      requests: { cpu: "250m", memory: "256Mi" },
      limits: { memory: "256Mi" },
    });
    assert.equal(pod.priorityClassName, "quorum-service");
  });

  it("is asked whether it serves, and restarted only when a minute of answers is bad", () => {
    const [main] = pod.containers;
    const http = { httpGet: { path: "/ready", port: "main" } };
    assert.deepEqual(main?.startupProbe, { ...http, periodSeconds: 2, failureThreshold: 30 });
    assert.deepEqual(main?.readinessProbe, { ...http, periodSeconds: 5, failureThreshold: 2 });
    assert.deepEqual(main?.livenessProbe, {
      tcpSocket: { port: "main" },
      periodSeconds: 10,
      failureThreshold: 6,
    });
  });

  it("is refused where it could not survive, with every reason at once", () => {
    const broken = workload({
      name: "Shop",
      zones: ["a", "a"],
      replicas: 1,
      requests: { cpuMilli: 0, memoryMiB: 256 },
      memoryLimitMiB: 128,
      shutdown: { drainSeconds: 10, stopSeconds: 60 },
    });
    assert.throws(() => planDeployment(broken), {
      name: "RangeError",
      message: [
        "workload team/Shop:",
        'name "Shop": use a DNS label of at most 53 characters',
        "zones [a, a]: name two distinct zones or more",
        "replicas 1: one replica is down with its machine; use 2 or more",
        "requests.cpuMilli 0: use a whole number above 0",
        "shutdown 10 + 60 s: a machine that goes down waits 30 s; use less",
        "memoryLimitMiB 128: use requests.memoryMiB or more",
      ].join("\n  "),
    });
  });
});

describe("a highly available StatefulSet", () => {
  const plan = planStatefulSet(statefulWorkload());
  const spec = plan.statefulSet.spec;

  it("gives each replica its volume of the named class and keeps it", () => {
    assert.deepEqual(spec.volumeClaimTemplates, [
      {
        metadata: { name: "data", labels },
        spec: {
          accessModes: ["ReadWriteOnce"],
          storageClassName: "rook-ceph-block",
          resources: { requests: { storage: "100Gi" } },
        },
      },
    ]);
    assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, {
      whenDeleted: "Retain",
      whenScaled: "Retain",
    });
    assert.deepEqual(spec.template.spec.containers[0]?.volumeMounts, [
      { name: "data", mountPath: "/data" },
    ]);
  });

  it("deletes volumes only where that is said", () => {
    const open = planStatefulSet(statefulWorkload({ retention: { whenScaled: "Delete" } }));
    assert.deepEqual(open.statefulSet.spec.persistentVolumeClaimRetentionPolicy, {
      whenDeleted: "Retain",
      whenScaled: "Delete",
    });
  });

  it("spreads all its replicas together: it has no revisions of its own label", () => {
    const [zone] = spec.template.spec.topologySpreadConstraints;
    assert.equal(zone?.whenUnsatisfiable, "DoNotSchedule");
    assert.ok(!JSON.stringify(spec).includes("pod-template-hash"));
  });

  it("lets replicas find each other before they are ready", () => {
    assert.equal(spec.serviceName, plan.service.metadata.name);
    assert.equal(plan.service.spec.clusterIP, "None");
    assert.equal(plan.service.spec.publishNotReadyAddresses, true);
  });

  it("is refused without a volume, or with one of no size", () => {
    assert.throws(() => planStatefulSet(statefulWorkload({ volumes: {} })), /volumes: name one/);
    const flat = { sizeGiB: 0.5, storageClass: "x", mountPath: "/data" };
    assert.throws(
      () => planStatefulSet(statefulWorkload({ volumes: { flat } })),
      /volumes\.flat\.sizeGiB 0\.5: use a whole number above 0/,
    );
  });
});

describe("priorities", () => {
  it("rank platform over service over default over batch, below Kubernetes' own", () => {
    const values = Object.values(priorities).map(({ value }) => value);
    assert.deepEqual(values, [1_000_000, 100_000, 10_000, 1_000]);
    assert.deepEqual(
      priorityClasses()
        .filter(({ globalDefault }) => globalDefault)
        .map(({ metadata }) => metadata.name),
      ["quorum-default"],
    );
  });
});

describe("objects of workloads", () => {
  const objects = [
    ...Object.values(planDeployment(workload({ env: { LEVEL: "info" }, args: ["--serve"] }))),
    ...Object.values(planDeployment(workload({ apart: "required" }))),
    ...Object.values(planStatefulSet(statefulWorkload())),
    ...priorityClasses(),
  ];
  for (const object of objects)
    it(`are what the API of Kubernetes 1.36.3 takes: ${object.kind} ${object.metadata.name}`, () =>
      assert.deepEqual(apiErrors(object), []));

  it("would be refused for a field that the API does not have, or one that is missing", () => {
    const { deployment } = planDeployment(workload());
    const misspelt = { ...deployment, spec: { ...deployment.spec, replica: 3 } };
    assert.deepEqual(apiErrors(misspelt), [
      '/spec must NOT have additional properties {"additionalProperty":"replica"}',
    ]);
    const { selector: _, ...rest } = deployment.spec;
    assert.match(apiErrors({ ...deployment, spec: rest } as never)[0] ?? "", /selector/);
  });
});
