import assert from "node:assert/strict";
import { ec2Stack } from "../../../components/ec2/stack.ts";
import { eksStack } from "../../../components/eks/stack.ts";
import { planEks } from "../../../design/eks.ts";
import { ec2Config, eksConfig, type Raw } from "../../support/fixtures.ts";
import { diskPool, everything } from "../../support/layers.ts";
import { type Recording, record } from "../../support/mocks.ts";
import { predecessors } from "../../support/order.ts";

const options = { stack: "demo", preview: true };
const platforms = {
  eks: (change?: (raw: Raw) => void) =>
    record(async () => eksStack(planEks(eksConfig(change))), options),
  ec2: (change?: (raw: Raw) => void) => record(async () => ec2Stack(ec2Config(change)), options),
};

const backends: Record<string, Raw> = {
  ebs: { backend: "ebs" },
  "rook-ceph": { backend: "rook-ceph", pool: "disks" },
  portworx: { backend: "portworx", pool: "disks", licensed: true },
};

const components: Record<string, string> = {
  ebs: "quorum:storage:Ebs",
  "rook-ceph": "quorum:storage:RookCeph",
  portworx: "quorum:storage:Portworx",
};

const choices = [
  ["ebs"],
  ["portworx"],
  ["ebs", "rook-ceph"],
  ["ebs", "portworx"],
  ["ebs", "rook-ceph", "portworx"],
];

/** The name that a platform's objects are gone with, and what a cluster's kinds begin with. */
const owner = { eks: "demo", ec2: "demo" };

for (const [platform, run] of Object.entries(platforms))
  describe(`the cluster layer of platform ${platform}`, function () {
    this.timeout(120_000);

    for (const choice of choices)
      it(`previews with storage ${choice.join(" and ")}, beside autoscaler, guard and snapshots`, async () => {
        const recording = await run((raw) => {
          raw.pools.disks = diskPool(raw);
          raw.storage = choice.map((name) => backends[name]);
        });
        const types = new Set(recording.registrations.map(({ type }) => type));
        for (const [name, type] of Object.entries(components))
          assert.equal(types.has(type), choice.includes(name), name);
        for (const type of [
          "quorum:addons:ClusterAutoscaler",
          "quorum:guard:Guard",
          "quorum:storage:SnapshotController",
        ])
          assert.ok(types.has(type), type);
      });

    describe("with every backend and option", () => {
      let kept: Recording;
      let open: Recording;
      before(async () => {
        const all = everything(platform as "eks" | "ec2");
        kept = await run(all);
        open = await run((raw) => {
          all(raw);
          raw.deletionProtection = false;
          for (const backend of raw.storage) backend.deleteData = true;
        });
      });

      const holdsData =
        /:(CephCluster|CephBlockPool|CephFilesystem|CephObjectStore|StorageCluster)$/;
      const ofData = ({ registrations }: Recording) =>
        registrations.filter(({ type }) => holdsData.test(type));

      it("deletes nothing that holds data unless the stack says so", () => {
        assert.equal(ofData(kept).length, 5);
        for (const { name, protect } of ofData(kept)) assert.equal(protect, true, name);
        for (const { name, protect } of ofData(open)) assert.equal(protect, false, name);
        const policies = (recording: Recording) =>
          recording.registrations
            .map(({ inputs }) => inputs.reclaimPolicy ?? inputs.deletionPolicy)
            .filter((policy) => policy !== undefined);
        assert.deepEqual([...new Set(policies(kept))], ["Retain"]);
        assert.deepEqual([...new Set(policies(open))], ["Delete"]);
        for (const recording of [kept, open])
          for (const { name, retainOnDelete } of recording.ofType(
            "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
          ))
            assert.equal(retainOnDelete, true, name);
      });

      it("ends a destroy: what holds nothing outside is gone with its cluster, the rest has a limit", () => {
        for (const { type, name, deletedWith, deleteTimeout } of open.registrations) {
          if (!type.startsWith("kubernetes:")) continue;
          if (holdsData.test(type)) assert.equal(deleteTimeout, "20m", name);
          else if (!/rook-ceph|portworx|snapshot-definitions/.test(name))
            assert.equal(deletedWith, owner[platform as "eks" | "ec2"], `${type} ${name}`);
        }
        const { cleanupPolicy } = open.find(
          "kubernetes:ceph.rook.io/v1:CephCluster",
          "demo-rook-ceph-cluster",
        ).inputs.spec;
        assert.deepEqual(cleanupPolicy, {
          confirmation: "yes-really-destroy-data",
          allowUninstallWithVolumes: true,
        });
      });

      it("takes storage away before the operators and drivers that let go of it", () => {
        for (const [type, name] of [
          ["kubernetes:ceph.rook.io/v1:CephFilesystem", "demo-rook-ceph-file-system"],
          ["kubernetes:ceph.rook.io/v1:CephObjectStore", "demo-rook-ceph-object-store"],
          ["kubernetes:ceph.rook.io/v1:CephBlockPool", "demo-rook-ceph-pool"],
        ] as const) {
          const before = predecessors(open, type, name);
          for (const needed of ["cluster", "drivers", "operator", "namespace"])
            assert.ok(before.has(`demo-rook-ceph-${needed}`), `${needed} outlives ${name}`);
          assert.ok(before.has("demo-ebs-class"), `the disks' class outlives ${name}`);
        }
      });

      it("has snapshot kinds before the driver that asks for them, and classes for each backend", () => {
        const classes = kept.ofType("kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass");
        assert.deepEqual(classes.map(({ inputs }) => inputs.driver).toSorted(), [
          "ebs.csi.aws.com",
          "pxd.portworx.com",
          "rook-ceph.cephfs.csi.ceph.com",
          "rook-ceph.rbd.csi.ceph.com",
        ]);
        for (const { type, name } of classes)
          assert.ok(
            predecessors(kept, type, name).has("demo-snapshot-definitions-volumesnapshotclasses"),
            name,
          );
      });

      it("reaches the pods behind the ingress by a balancer of its own in every zone", () => {
        const { inputs, protect } = kept.find("aws:lb/loadBalancer:LoadBalancer", "demo-ingress");
        assert.deepEqual(
          [inputs.internal, inputs.loadBalancerType, inputs.enableCrossZoneLoadBalancing],
          [true, "network", true],
        );
        assert.equal(inputs.subnets.length, 3);
        assert.equal(protect, true);
        const { targetType, port } = kept.find(
          "aws:lb/targetGroup:TargetGroup",
          "demo-ingress-https",
        ).inputs;
        assert.deepEqual(
          [targetType, port],
          platform === "eks" ? ["ip", 8443] : ["instance", 30443],
        );
        const { spec } = kept.find(
          "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding",
          "demo-ingress-https",
        ).inputs;
        assert.deepEqual(
          [spec.serviceRef, spec.targetType],
          [{ name: "ingress", port: 443 }, targetType],
        );
        assert.equal(spec.networking, undefined, "the controller opens no security group");
      });

      it("lets the ingress be reached on its ports from its clients, and reach its targets' alone", () => {
        const rules = kept
          .ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
          .filter(({ name }) => name.startsWith("demo-ingress"))
          .map(({ inputs }) => [inputs.cidrIpv4 ?? "balancer", inputs.fromPort, inputs.toPort]);
        const target = platform === "eks" ? 8443 : 30443;
        const vpc = platform === "eks" ? "10.20.0.0/16" : "10.30.0.0/16";
        assert.deepEqual(rules, [
          [vpc, 443, 443],
          ["balancer", target, target],
        ]);
      });
    });
  });
