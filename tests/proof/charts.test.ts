import assert from "node:assert/strict";
import { type ChartName, charts } from "../../config/versions.ts";
import type { ChartPlan } from "../../design/charts/chart.ts";
import { planAutoscaler } from "../../design/charts/clusterAutoscaler.ts";
import { planLoadBalancerController } from "../../design/charts/loadBalancerController.ts";
import { planMetricsServer } from "../../design/charts/metricsServer.ts";
import { planCilium } from "../../design/cilium.ts";
import { planHosts } from "../../design/hosts.ts";
import { planEbs } from "../../design/storage/ebs/ebs.ts";
import { planPortworx } from "../../design/storage/portworx/portworx.ts";
import { planRookCeph } from "../../design/storage/rookCeph/rookCeph.ts";
import { capacityPlan } from "../../proof/capacityPlan.ts";
import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import type { Model } from "../../proof/model.ts";
import { readTemplates } from "../../templates/read.ts";
import { ec2Config, eksConfig, hostsConfig } from "../support/fixtures.ts";
import {
  addChart,
  addPortworx,
  addWorkload,
  eksPlan,
  type Plan,
  zoneSpread,
} from "../support/plannedGraph.ts";
import {
  counterExample,
  fixFor,
  proofOf,
  red,
  remediesOf,
  unknownOf,
} from "../support/proveChanged.ts";

const model = (plan: Plan): Model => modelOf(graphOf(plan.preview()));

/** Two workers of 4 CPU in each zone, and pods for which one zone less is just enough. */
function justFits(): Plan {
  const plan = eksPlan({ minNodes: 2 });
  // Four machines are left, with 3.9 CPU for pods on each; DNS takes 0.3.
  addWorkload(plan, "web", { replicas: 12, cpu: "1200m", memory: "1Gi" });
  return plan;
}

const requests = (cpu: string, memory: string) => ({ requests: { cpu, memory } });

const controller = (cpu: string) => ({
  replicaCount: 2,
  resources: requests(cpu, "128Mi"),
  topologySpreadConstraints: [zoneSpread],
});

describe("charts in the proof of capacity", () => {
  it("refutes capacity where workers just fit without the pods of a chart", () => {
    assert.deepEqual(red(proofOf(justFits())), []);
    const plan = justFits();
    addChart(plan, "aws-load-balancer-controller", controller("500m"));
    const proof = proofOf(plan);
    assert.deepEqual(red(proof), ["capacity"]);
    assert.deepEqual(proof.unproven, []);
    assert.match(
      counterExample(proof, "capacity") ?? "",
      /^losing eu-west-1a: \d evicted pods need [\d.]+ CPU, [\d.]+ CPU free on the survivors$/,
    );
    assert.match(fixFor(proof, "capacity") ?? "", /^add machines/);
  });

  it("takes what a chart runs on every machine from every machine", () => {
    const plan = justFits();
    addChart(plan, "aws-ebs-csi-driver", {
      nodeComponentOnly: true,
      node: { resources: requests("100m", "40Mi") },
    });
    // Three containers, each with the requests.
    assert.deepEqual(
      model(plan).daemons.map(({ requestsSaidIn: _, ...daemon }) => daemon),
      [{ name: "kube-system/ebs-csi-node", cpuMilli: 300, memoryMiB: 120 }],
    );
    assert.deepEqual(red(proofOf(plan)), ["capacity"]);
  });

  it("does not know what a chart requests whose values do not say", () => {
    for (const [values, why] of [
      [{ replicaCount: 2 }, /what the pods of kube-system\/cluster-autoscaler request/],
      [{ resources: requests("1", "1Gi") }, /how many pods it brings/],
      [undefined, /how many pods it brings/],
    ] as const) {
      const plan = eksPlan();
      addChart(plan, "cluster-autoscaler", values as object);
      const proof = proofOf(plan);
      assert.ok(!red(proof).includes("capacity"));
      assert.match(unknownOf(proof, "capacity").join(), why);
      assert.ok(proof.unproven.some(({ claim }) => claim === "capacity"));
      assert.match(remediesOf(proof, "capacity").join(), /^set (requests|replicaCount).* values/);
    }
  });

  it("reads a chart that it does not know as most charts are", () => {
    const plan = justFits();
    addChart(plan, "gateway", controller("500m"));
    assert.deepEqual(red(proofOf(plan)), ["capacity"]);
    const silent = eksPlan();
    addChart(silent, "gateway", {});
    assert.match(unknownOf(proofOf(silent), "capacity").join(), /chart kube-system\/gateway/);
  });

  it("finds a chart's pods wherever the chart comes from", () => {
    for (const chart of ["oci://registry.example.com/charts/metrics-server", "metrics-server"])
      assert.equal(requested(chart), 300);
    assert.equal(requested("/srv/charts/metrics-server-1.2.3.tgz"), 300);
    assert.equal(requested("other-metrics-server"), undefined);
  });

  function requested(chart: string): number | undefined {
    const plan = eksPlan();
    const values = { replicas: 3, resources: requests("300m", "1Gi"), podDisruptionBudget: {} };
    addChart(plan, "it", values, { chart });
    return model(plan).workloads.find(({ name }) => name === "kube-system/metrics-server")
      ?.cpuMilli;
  }

  it("takes Portworx's storage pods from the machines that its placement admits", () => {
    const plan = eksPlan({ minNodes: 2 });
    const only = [{ key: "topology.kubernetes.io/zone", operator: "In", values: ["eu-west-1a"] }];
    const terms = { nodeSelectorTerms: [{ matchExpressions: only }] };
    const placement = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
    addPortworx(plan, { placement, resources: requests("3", "4Gi") });
    const { slots } = capacityPlan(model(plan)).placer;
    const free = slots.slice(0, 6).map(({ cpuMilli }) => cpuMilli > 3000);
    assert.deepEqual(free, [false, false, true, true, true, true]);
    const silent = eksPlan();
    addPortworx(silent, { resources: {} });
    assert.deepEqual(unknownOf(proofOf(silent), "capacity"), [
      "the plan does not say what the pods of Portworx portworx request",
    ]);
  });

  it("counts a chart by its objects where the plan has them", () => {
    const plan = eksPlan();
    const parent = plan.add("kubernetes:helm.sh/v4:Chart", "gateway", { chart: "gateway" });
    plan.add("kubernetes:core/v1:ConfigMap", "its-settings", {}, { parent });
    assert.deepEqual(unknownOf(proofOf(plan), "capacity"), []);
  });

  it("judges a chart's pods and budget like those of any workload", () => {
    const one = eksPlan();
    addChart(one, "gateway", { ...controller("100m"), replicaCount: 1 });
    assert.deepEqual(red(proofOf(one)), ["workloads"]);
    const accepted = eksPlan();
    const annotations = { "quorum.dev/single-replica": "accepted" };
    addChart(accepted, "gateway", { ...controller("100m"), replicaCount: 1, annotations });
    assert.deepEqual(red(proofOf(accepted)), []);
    const blocked = eksPlan();
    const podDisruptionBudget = { maxUnavailable: 0 };
    addChart(blocked, "cluster-autoscaler", { ...controller("100m"), podDisruptionBudget });
    assert.deepEqual(red(proofOf(blocked)), ["drain"]);
  });
});

describe("the charts that stacks install", () => {
  const eks = eksConfig();
  const ec2 = ec2Config();
  const hosts = hostsConfig((raw) => {
    raw.podNetwork = "cilium";
  });
  const storage = { pool: "general", replicas: 3, deleteData: false, diskGiB: 500 };
  const options = { fileSystem: true, objectStore: true, alerts: true };
  const rook = planRookCeph({ backend: "rook-ceph", disksPerZone: 1, ...options, ...storage }, eks);
  const kvdb = { mode: "internal" } as const;
  const portworx = planPortworx({ backend: "portworx", licensed: true, kvdb, ...storage }, eks);
  const cilium = planCilium(planHosts(hosts, readTemplates()).kubernetes, hosts.charts);
  const plans: Record<ChartName, Pick<ChartPlan, "source" | "values"> | undefined> = {
    "cluster-autoscaler": planAutoscaler(eks).chart,
    "metrics-server": planMetricsServer(ec2),
    "aws-load-balancer-controller": planLoadBalancerController(eks).controller,
    "aws-ebs-csi-driver": planEbs({ backend: "ebs", replicas: 1, deleteData: false }, ec2).driver
      ?.nodes,
    "rook-ceph": rook.operator,
    "ceph-csi-drivers": rook.drivers,
    portworx: portworx.operator,
    cilium: { source: cilium.source, values: { ...cilium.values } },
  };

  for (const name of Object.keys(charts) as ChartName[])
    it(`say what each pod of ${name} requests, and survive a zone`, () => {
      const chart = plans[name];
      assert.ok(chart !== undefined);
      const plan = eksPlan();
      addChart(plan, name, chart.values, chart.source);
      const before = model(eksPlan());
      const { workloads, daemons, gaps } = model(plan);
      const added = [
        ...workloads.slice(before.workloads.length),
        ...daemons.slice(before.daemons.length),
      ];
      assert.ok(added.length > 0);
      for (const pods of added)
        assert.ok(pods.cpuMilli !== undefined && pods.memoryMiB !== undefined, pods.name);
      assert.deepEqual(gaps, before.gaps);
      assert.deepEqual(red(proofOf(plan)), []);
      assert.deepEqual(proofOf(plan).unproven, []);
    });

  it("run the drivers of Ceph that were asked for, and no other", () => {
    const names = (fileSystem: boolean): string[] => {
      const { drivers } = planRookCeph(
        { backend: "rook-ceph", disksPerZone: 1, ...options, ...storage, fileSystem },
        eks,
      );
      const plan = eksPlan();
      addChart(plan, "ceph-csi-drivers", drivers.values);
      return model(plan).daemons.map(({ name }) => name);
    };
    const [rbd, cephfs] = ["kube-system/rbd-nodeplugin", "kube-system/cephfs-nodeplugin"];
    assert.deepEqual(names(false), [rbd]);
    assert.deepEqual(names(true), [rbd, cephfs]);
  });
});
