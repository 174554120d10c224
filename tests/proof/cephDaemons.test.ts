import assert from "node:assert/strict";
import { planHostsCeph, planRookCeph } from "../../design/storage/rookCeph/rookCeph.ts";
import { capacityPlan } from "../../proof/capacityPlan.ts";
import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import type { Model } from "../../proof/model.ts";
import { eksConfig, hostsWithDisks } from "../support/fixtures.ts";
import { addChart, addWorkload, eksPlan, hostsPlan, type Plan } from "../support/plannedGraph.ts";
import { counterExample, proofOf, red, remediesOf, unknownOf } from "../support/proveChanged.ts";

const model = (plan: Plan): Model => modelOf(graphOf(plan.preview()));
const zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
const ceph = (kind: string) => `kubernetes:ceph.rook.io/v1:${kind}`;

/** What the stack's design makes of Ceph, on machines with room for it and a little more. */
function cephPlan(perZone = 2): Plan {
  const node = { nodeCpus: 8, nodeMemoryGiB: 32, podsPerNode: 58 };
  const plan = eksPlan({ perZone, minNodes: perZone * 2, node });
  for (const letter of ["a", "b", "c"])
    plan.named(`general-${letter}`).inputs.labels = { "quorum/pool": "general" };
  const storage = { pool: "general", replicas: 3, deleteData: false, diskGiB: 500 };
  const options = { fileSystem: true, objectStore: true, alerts: false };
  const config = { ...eksConfig(), zones };
  const design = planRookCeph(
    { backend: "rook-ceph", disksPerZone: 1, ...options, ...storage },
    config,
  );
  plan.add(ceph("CephCluster"), "ceph", { ...design.cluster });
  plan.add(ceph("CephBlockPool"), "blocks", { ...design.pool });
  plan.add(ceph("CephFilesystem"), "files", { ...design.fileSystem?.fileSystem });
  plan.add(ceph("CephObjectStore"), "store", { ...design.objectStore?.store });
  return plan;
}

// biome-ignore lint/suspicious/noExplicitAny: a saboteur reaches into objects of any shape.
type Any = any;

/** The spec of an object of the plan, a copy that a test may change. */
function specOf(plan: Plan, name: string): Any {
  const planned = plan.named(name);
  planned.inputs = structuredClone(planned.inputs);
  return planned.inputs.spec;
}

function sabotaged(name: string, change: (spec: Any) => void, plan = cephPlan()): Plan {
  change(specOf(plan, name));
  return plan;
}

describe("daemons of Ceph in the proof of capacity", () => {
  it("proves what the stack's own design makes, and counts every daemon of it", () => {
    const proof = proofOf(cephPlan());
    assert.deepEqual(red(proof), []);
    assert.deepEqual(proof.unproven, []);
    const { workloads, daemons } = model(cephPlan());
    const pods = workloads
      .filter(({ namespace }) => namespace === "rook-ceph")
      .map(({ name, replicas, cpuMilli, memoryMiB }) => [name, replicas, cpuMilli, memoryMiB]);
    assert.deepEqual(pods, [
      ["rook-ceph/rook-ceph-mds-shared", 2, 500, 1024],
      ["rook-ceph/rook-ceph-rgw-objects", 2, 500, 1024],
      ...zones.map((zone) => [`rook-ceph/rook-ceph-mon in ${zone}`, 1, 1000, 1024]),
      // The manager and the container beside it.
      ["rook-ceph/rook-ceph-mgr", 2, 600, 552],
      ...zones.map((zone) => [`rook-ceph/rook-ceph-osd of disks in ${zone}`, 1, 1000, 4096]),
    ]);
    assert.deepEqual(
      daemons.map(({ name, machines }) => [name, machines?.size]),
      [
        ["rook-ceph/rook-ceph-crashcollector of rook-ceph", 6],
        ["rook-ceph/rook-ceph-exporter of rook-ceph", 6],
      ],
    );
  });

  it("turns capacity, and nothing else, red where workers just fit without the daemons", () => {
    const kinds = ["ceph", "files", "store"];
    const busy = (withDaemons: boolean): Plan => {
      const plan = cephPlan();
      // Four machines are left, with 7.9 CPU for pods on each.
      addWorkload(plan, "web", { replicas: 24, cpu: "1250m", memory: "1Gi" });
      if (!withDaemons) for (const name of kinds) plan.remove(name);
      if (!withDaemons) plan.remove("blocks");
      return plan;
    };
    assert.deepEqual(red(proofOf(busy(false))), []);
    const proof = proofOf(busy(true));
    assert.deepEqual(red(proof), ["capacity"]);
    assert.deepEqual(proof.unproven, []);
    assert.match(
      counterExample(proof, "capacity") ?? "",
      /^losing .+: \d+ evicted pods need [\d.]+ CPU, [\d.]+ CPU free on the survivors$/,
    );
  });

  const tooLarge = { requests: { cpu: "9", memory: "1Gi" } };
  const larger: [daemon: string, object: string, change: (spec: Any) => void, says: RegExp][] = [
    ...["mon", "mgr", "osd"].map((key): (typeof larger)[number] => [
      key,
      "ceph",
      (spec) => Object.assign(spec.resources, { [key]: tooLarge }),
      new RegExp(`rook-ceph-${key}.* does not fit even with every machine alive`),
    ]),
    [
      "mgr-sidecar",
      "ceph",
      (spec) => Object.assign(spec.resources, { "mgr-sidecar": tooLarge }),
      /rook-ceph-mgr does not fit even with every machine alive/,
    ],
    // On every machine: nothing fits any more.
    ...["crashcollector", "exporter"].map((key): (typeof larger)[number] => [
      key,
      "ceph",
      (spec) => Object.assign(spec.resources, { [key]: tooLarge }),
      /does not fit even with every machine alive/,
    ]),
    [
      "mds",
      "files",
      (spec) => Object.assign(spec.metadataServer, { resources: tooLarge }),
      /rook-ceph-mds-shared does not fit/,
    ],
    [
      "rgw",
      "store",
      (spec) => Object.assign(spec.gateway, { resources: tooLarge }),
      /rook-ceph-rgw-objects does not fit/,
    ],
  ];
  for (const [daemon, object, change, says] of larger)
    it(`turns capacity, and nothing else, red for ${daemon} that asks for more than a machine has`, () => {
      const proof = proofOf(sabotaged(object, change));
      assert.deepEqual(red(proof), ["capacity"]);
      assert.match(counterExample(proof, "capacity") ?? "", says);
    });

  const more: [what: string, object: string, change: (spec: Any) => void][] = [
    [
      "disks",
      "ceph",
      (spec) => Object.assign(spec.storage.storageClassDeviceSets[0], { count: 36 }),
    ],
    [
      "active metadata servers",
      "files",
      (spec) => Object.assign(spec.metadataServer, { activeCount: 40 }),
    ],
    ["gateways", "store", (spec) => Object.assign(spec.gateway, { instances: 80 })],
  ];
  for (const [what, object, change] of more)
    it(`turns capacity, and nothing else, red for more ${what} than machines hold`, () => {
      assert.deepEqual(red(proofOf(sabotaged(object, change))), ["capacity"]);
    });

  it("turns capacity red for a machine fewer than the monitors, which keep apart, need", () => {
    const five = (spec: Any): void => {
      spec.mon.count = 5;
      spec.mon.zones = [...zones, zones[0], zones[1]].map((name) => ({ name }));
    };
    assert.ok(!red(proofOf(sabotaged("ceph", five))).includes("capacity"));
    const proof = proofOf(sabotaged("ceph", five, cephPlan(1)));
    assert.match(
      counterExample(proof, "capacity") ?? "",
      /rook-ceph-mon in eu-west-1[ab] does not fit even with every machine alive/,
    );
  });

  it("turns workloads red for managers that one zone may hold", () => {
    const proof = proofOf(
      sabotaged("ceph", (spec) => {
        spec.mgr.allowMultiplePerNode = true;
      }),
    );
    assert.deepEqual(red(proof), ["workloads"]);
    assert.match(counterExample(proof, "workloads") ?? "", /rook-ceph\/rook-ceph-mgr may stand in/);
  });

  it("turns workloads red for metadata servers without a spread", () => {
    const proof = proofOf(
      sabotaged("files", (spec) => {
        spec.metadataServer.placement.topologySpreadConstraints = undefined;
      }),
    );
    assert.deepEqual(red(proof), ["workloads"]);
    assert.match(counterExample(proof, "workloads") ?? "", /rook-ceph-mds-shared may stand in/);
  });

  it("turns capacity red for a placement that admits no machine", () => {
    const proof = proofOf(
      sabotaged("store", (spec) => {
        const [term] =
          spec.gateway.placement.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
            .nodeSelectorTerms;
        term.matchExpressions[0].values = ["other"];
      }),
    );
    assert.ok(red(proof).includes("capacity"));
  });

  const silent: [what: string, object: string, change: (spec: Any) => void, remedy: RegExp][] = [
    ...["mon", "mgr", "osd", "mgr-sidecar", "crashcollector", "exporter"].map(
      (key): (typeof silent)[number] => [
        `what ${key} requests`,
        "ceph",
        (spec) => {
          delete spec.resources[key];
        },
        new RegExp(`spec.resources of CephCluster rook-ceph \\(.*${key}`),
      ],
    ),
    [
      "what mds requests",
      "files",
      (spec) => {
        delete spec.metadataServer.resources;
      },
      /spec\.metadataServer\.resources of CephFilesystem shared/,
    ],
    [
      "what rgw requests",
      "store",
      (spec) => {
        delete spec.gateway.resources;
      },
      /spec\.gateway\.resources of CephObjectStore objects/,
    ],
    [
      "what log collectors request",
      "ceph",
      (spec) => Object.assign(spec, { logCollector: { enabled: true } }),
      /logcollector/,
    ],
    [
      "how many managers there are",
      "ceph",
      (spec) => {
        delete spec.mgr.count;
      },
      /spec\.mgr\.count/,
    ],
    [
      "how many metadata servers there are",
      "files",
      (spec) => {
        delete spec.metadataServer.activeCount;
      },
      /spec\.metadataServer\.activeCount/,
    ],
    [
      "how many gateways there are",
      "store",
      (spec) => {
        delete spec.gateway.instances;
      },
      /spec\.gateway\.instances/,
    ],
    [
      "how many disks there are",
      "ceph",
      (spec) => Object.assign(spec, { storage: { useAllNodes: true, useAllDevices: true } }),
      /storage\.nodes/,
    ],
  ];
  for (const [what, object, change, remedy] of silent)
    it(`does not know capacity when the plan does not say ${what}, and says where to`, () => {
      const proof = proofOf(sabotaged(object, change));
      assert.ok(proof.unproven.some(({ claim }) => claim === "capacity"));
      assert.match(remediesOf(proof, "capacity").join("\n"), remedy);
    });

  it("lets a monitor and a disk wait where no machine of their zone is left", () => {
    const proof = proofOf(cephPlan(1));
    assert.deepEqual(red(proof), []);
    assert.deepEqual(proof.unproven, []);
  });

  it("counts nothing of a cluster that runs elsewhere", () => {
    const plan = sabotaged("ceph", (spec) => Object.assign(spec, { external: { enable: true } }));
    const names = model(plan).workloads.map(({ name }) => name);
    assert.ok(!names.some((name) => /rook-ceph-(mon|mgr|osd)/.test(name)), names.join());
  });

  it("does not know what the chart of a cluster adds by default", () => {
    const plan = eksPlan();
    addChart(plan, "rook-ceph-cluster", { cephFileSystems: [], cephObjectStores: [] });
    assert.deepEqual(unknownOf(proofOf(plan), "capacity"), [
      "the values of chart rook-ceph-cluster leave cephClusterSpec to the chart's default",
    ]);
  });
});

describe("disks of hosts in the proof of capacity", () => {
  const names = ["worker-1", "worker-2", "worker-3"];

  function onHosts(disks: Record<string, string[]>): Plan {
    const { config, storage } = hostsWithDisks(disks);
    const { cluster, pool } = planHostsCeph(storage, config);
    const plan = hostsPlan();
    for (const name of names) Object.assign(plan.named(name).inputs, { cpus: 8, memoryGiB: 32 });
    plan.add(ceph("CephCluster"), "ceph", { ...cluster });
    plan.add(ceph("CephBlockPool"), "blocks", { ...pool });
    return plan;
  }
  const one = Object.fromEntries(names.map((name) => [name, ["/dev/disk/by-id/a"]]));

  it("takes a pod for each disk from the machine that has it, and from no other", () => {
    const free = (plan: Plan) =>
      capacityPlan(model(plan)).placer.slots.map((slot) => slot.memoryMiB);
    const before = free(onHosts(one));
    const after = free(onHosts({ ...one, "worker-2": ["/dev/disk/by-id/a", "/dev/disk/by-id/b"] }));
    assert.deepEqual(
      before.map((memory, index) => memory - (after[index] ?? 0)),
      [0, 4096, 0],
    );
    assert.deepEqual(red(proofOf(onHosts(one))), []);
    assert.deepEqual(proofOf(onHosts(one)).unproven, []);
  });

  it("turns capacity, and nothing else, red for more disks than a machine can serve", () => {
    const many = Array.from({ length: 7 }, (_, index) => `/dev/disk/by-id/${index}`);
    assert.deepEqual(red(proofOf(onHosts({ ...one, "worker-2": many }))), ["capacity"]);
  });
});
