import assert from "node:assert/strict";
import { planPortworx } from "../../../design/storage/portworx/portworx.ts";
import { planRookCeph } from "../../../design/storage/rookCeph/rookCeph.ts";
import { definitionErrors } from "../../support/customSchema.ts";
import { eksConfig, type Raw } from "../../support/fixtures.ts";
import { apiErrors } from "../../support/kubernetesSchema.ts";

const config = eksConfig((raw: Raw) => {
  raw.zones.push("us-west-2d");
  raw.pools.disks = {
    ...raw.pools.general,
    minNodes: 3,
    nodesPerZone: { min: 1, desired: 1, max: 1 },
  };
});
const common = { pool: "disks", replicas: 3, deleteData: false, diskGiB: 500 };
const options = { fileSystem: false, objectStore: false, alerts: false };
const ceph = { backend: "rook-ceph", disksPerZone: 2, ...options, ...common } as const;
const kvdb = { mode: "internal" } as const;
const portworx = { backend: "portworx", licensed: true, kvdb, ...common } as const;

describe("Ceph by Rook", () => {
  const plan = planRookCeph(ceph, config);
  const spec = plan.cluster.spec;

  it("pins a monitor to each of the first three zones, so that a fourth moves none", () => {
    assert.equal(spec.mon.count, 3);
    assert.equal(spec.mon.allowMultiplePerNode, false);
    assert.deepEqual(spec.mon.zones, [
      { name: "us-west-2a" },
      { name: "us-west-2b" },
      { name: "us-west-2c" },
    ]);
  });

  it("has as many encrypted disks in each zone, on its own pool", () => {
    const [disks] = spec.storage.storageClassDeviceSets ?? [];
    assert.equal(disks?.count, 6);
    assert.equal(disks?.portable, true);
    const [spread] = disks?.preparePlacement.topologySpreadConstraints ?? [];
    assert.deepEqual(
      [spread?.topologyKey, spread?.whenUnsatisfiable, spread?.maxSkew],
      ["topology.kubernetes.io/zone", "DoNotSchedule", 1],
    );
    assert.match(JSON.stringify(disks?.placement.nodeAffinity), /"quorum\/pool".*"disks"/);
    assert.deepEqual(disks?.volumeClaimTemplates[0]?.spec, {
      storageClassName: "ebs-csi-default-sc",
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "500Gi" } },
      volumeMode: "Block",
    });
  });

  it("keeps three copies in three zones and writes with two", () => {
    assert.equal(plan.pool.spec.failureDomain, "zone");
    assert.deepEqual(plan.pool.spec.replicated, { size: 3, requireSafeReplicaSize: true });
    assert.deepEqual(plan.pool.spec.parameters, { min_size: "2" });
  });

  it("is drained and upgraded with data whole", () => {
    assert.deepEqual(spec.disruptionManagement, {
      managePodBudgets: true,
      osdMaintenanceTimeout: 30,
    });
    assert.equal(spec.upgradeOSDRequiresHealthyPGs, true);
    assert.equal(spec.continueUpgradeAfterChecksEvenIfNotHealthy, false);
  });

  it("deletes data only where the stack says so", () => {
    assert.deepEqual(
      [spec.cleanupPolicy.confirmation, plan.storageClass.reclaimPolicy, plan.protect],
      ["", "Retain", true],
    );
    const open = planRookCeph({ ...ceph, deleteData: true }, config);
    assert.deepEqual(
      [open.cluster.spec.cleanupPolicy.confirmation, open.storageClass.reclaimPolicy, open.protect],
      ["yes-really-destroy-data", "Delete", false],
    );
  });

  it("has drivers by the name that its class asks for, their controller twice", () => {
    const values: Raw = plan.drivers.values;
    assert.equal(values.drivers.rbd.name, plan.storageClass.provisioner);
    assert.equal(values.operatorConfig.namespace, plan.namespace);
    // A driver's own values go before the defaults for all, and the chart has one replica there.
    assert.equal(values.drivers.rbd.controllerPlugin.replicas, 2);
  });

  it("has a driver that takes snapshots, and none that nobody asked for", () => {
    const values: Raw = plan.drivers.values;
    assert.equal(values.drivers.rbd.snapshotPolicy, "volumeSnapshot");
    assert.deepEqual(
      Object.keys(values.drivers).filter((name) => values.drivers[name].enabled),
      ["rbd"],
    );
  });
});

describe("Portworx", () => {
  const plan = planPortworx(portworx, config);

  it("keeps as many copies as asked, and never wipes a disk", () => {
    assert.deepEqual(
      plan.storageClasses.map(({ metadata, parameters }) => [metadata.name, parameters.repl]),
      [
        ["portworx-block", "3"],
        ["portworx-database", "3"],
      ],
    );
    assert.deepEqual(plan.cluster.spec.deleteStrategy, { type: "Uninstall" });
    assert.equal(planPortworx({ ...portworx, deleteData: true }, config).protect, false);
  });

  it("is updated one node at a time, without stopping volumes in use", () => {
    const { maxUnavailable, disruption } = plan.cluster.spec.updateStrategy.rollingUpdate;
    assert.deepEqual([maxUnavailable, disruption], [1, { allow: false }]);
  });

  it("may touch the account's volumes and instances only", () => {
    for (const { resources, anyResource } of plan.role?.statements ?? [])
      for (const resource of resources)
        assert.ok(resource.startsWith("arn:aws:ec2:us-west-2:123456789012:") || anyResource);
  });
});

describe("objects of storage", () => {
  const rook = planRookCeph(ceph, config);
  const px = planPortworx(portworx, config);
  for (const object of [rook.cluster, rook.pool, px.cluster])
    it(`are what their definitions take: ${object.kind}`, () =>
      assert.deepEqual(definitionErrors(object), []));
  for (const object of [rook.storageClass, ...px.storageClasses])
    it(`are what the API of Kubernetes 1.36.3 takes: ${object.metadata.name}`, () =>
      assert.deepEqual(apiErrors(object), []));

  it("would be refused for a field that the definition does not have", () => {
    const spec = { ...rook.pool.spec, failureDomains: "zone" };
    assert.deepEqual(definitionErrors({ ...rook.pool, spec } as never), [
      '/spec must NOT have additional properties {"additionalProperty":"failureDomains"}',
    ]);
  });
});
