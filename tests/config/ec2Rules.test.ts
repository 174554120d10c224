import assert from "node:assert/strict";
import { ec2Config, type Raw, rawEc2 } from "../support/fixtures.ts";
import { keysAfter } from "./findings.ts";

const mistakes: [string, (raw: Raw) => void, string[]][] = [
  ["an unknown key", (raw) => (raw.etcd.volume = 20), ["etcd.volume"]],
  ["a minor version", (raw) => (raw.kubernetes.version = "1.36"), ["kubernetes.version"]],
  ["a region of two zones", (raw) => (raw.region = "us-west-1"), ["region"]],
  ["two zones", (raw) => raw.zones.pop(), ["zones"]],
  ["a zone elsewhere", (raw) => (raw.zones[2] = "us-west-2a"), ["zones[2]"]],
  ["an account with a letter", (raw) => (raw.accountId = "12345678901x"), ["accountId"]],
  ["pods in the VPC", (raw) => (raw.kubernetes.podCidr = "10.30.0.0/16"), ["kubernetes.podCidr"]],
  [
    "fewer pod ranges than nodes",
    (raw) => (raw.kubernetes.podCidr = "10.244.0.0/20"),
    ["kubernetes.podCidr"],
  ],
  [
    "more nodes than addresses",
    (raw) => {
      raw.network.cidr = "10.30.0.0/20";
      raw.pools.general.nodesPerZone.max = 240;
      raw.kubernetes.podCidr = "10.64.0.0/10";
    },
    ["network.cidr"],
  ],
  [
    "clients of the VPC",
    (raw) => (raw.api = { clientCidrs: ["10.30.1.0/24"] }),
    ["api.clientCidrs[0]"],
  ],
  [
    "an API for all",
    (raw) => (raw.api = { clientCidrs: ["0.0.0.0/0"] }),
    ["api.clientCidrs[0]", "api.clientCidrs[0]"],
  ],
  [
    "an image owner by alias",
    (raw) => (raw.machineImage.ownerId = "amazon"),
    ["machineImage.ownerId"],
  ],
  [
    "a pattern of images",
    (raw) => (raw.machineImage.names.arm64 = "quorum-*"),
    ["machineImage.names.arm64"],
  ],
  [
    "no image for a pool",
    (raw) => delete raw.machineImage.names.x86_64,
    ["machineImage.names.x86_64"],
  ],
  ["an unknown type", (raw) => (raw.etcd.instanceType = "m7g.huge"), ["etcd.instanceType"]],
  [
    "a control plane too small",
    (raw) => (raw.controlPlane.instanceType = "t4g.small"),
    ["controlPlane.instanceType"],
  ],
  [
    "a root volume too small",
    (raw) => (raw.controlPlane.volumeGiB = 8),
    ["controlPlane.volumeGiB"],
  ],
  ["a snapshot too large for S3", (raw) => (raw.etcd.quotaGiB = 8), ["etcd.quotaGiB"]],
  [
    "a disk that a second copy fills",
    (raw) => (raw.etcd.dataVolumeGiB = 9),
    ["etcd.dataVolumeGiB"],
  ],
  ["too few operations", (raw) => (raw.etcd.dataVolumeIops = 100), ["etcd.dataVolumeIops"]],
  [
    "snapshots never",
    (raw) => (raw.etcd.snapshots = { intervalMinutes: 0 }),
    ["etcd.snapshots.intervalMinutes"],
  ],
  ["no snapshot kept", (raw) => (raw.etcd.snapshots = { keep: 0 }), ["etcd.snapshots.keep"]],
  [
    "no lock",
    (raw) => (raw.etcd.snapshots = { retentionDays: 0 }),
    ["etcd.snapshots.retentionDays"],
  ],
  ["no pool", (raw) => (raw.pools = {}), ["pools", "storage[0].backend"]],
  [
    "a pool in a zone that the cluster has not",
    (raw) => (raw.pools.general.zones = [raw.zones[0], "eu-north-1a"]),
    ["pools.general.zones"],
  ],
  ["a pool in no zone", (raw) => (raw.pools.general.zones = []), ["pools.general.zones"]],
  [
    "a pool twice in one zone",
    (raw) => (raw.pools.general.zones = [raw.zones[0], raw.zones[0]]),
    ["pools.general.zones"],
  ],
  ["a pool named like a role", (raw) => (raw.pools.etcd = raw.pools.general), ["pools.etcd"]],
  [
    "no steady pool",
    (raw) => (raw.pools.general.taints = [{ key: "a", value: "b", effect: "NoSchedule" }]),
    ["pools", "storage[0].backend"],
  ],
  [
    "counts out of order",
    (raw) => (raw.pools.general.nodesPerZone.desired = 9),
    ["pools.general.nodesPerZone"],
  ],
  ["an odd retention", (raw) => (raw.logRetentionDays = 91), ["logRetentionDays"]],
];

describe("rules of platform ec2", () => {
  it("take the example and fill in every default", () => {
    const { etcd, controlPlane, podNetwork, api } = ec2Config();
    assert.deepEqual(
      [etcd.dataVolumeGiB, etcd.quotaGiB, controlPlane.volumeGiB, podNetwork, api.clientCidrs],
      [20, 4, 30, "vxlan", []],
    );
    assert.deepEqual(etcd.snapshots, { intervalMinutes: 15, keep: 8, retentionDays: 30 });
  });

  for (const [what, change, keys] of mistakes)
    it(`refuse ${what}`, () => assert.deepEqual(keysAfter(rawEc2, change), keys));
});
