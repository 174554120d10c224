import assert from "node:assert/strict";
import { type Raw, rawEks } from "../support/fixtures.ts";
import { findingsOf, keysAfter } from "./findings.ts";

/** EBS and one more backend on a pool of its own, and then what else is wrong. */
function withDisks(backend: Raw, change: (raw: Raw) => void = () => {}) {
  return (raw: Raw) => {
    const nodesPerZone = { min: 1, desired: 1, max: 1 };
    raw.pools.disks = { ...raw.pools.general, minNodes: 2, nodesPerZone };
    raw.storage = [{ backend: "ebs" }, { pool: "disks", ...backend }];
    change(raw);
  };
}

/** One mistake each: what it is, how it is made, where it is reported. */
const mistakes: [string, (raw: Raw) => void, string[]][] = [
  ["an unknown key", (raw) => (raw.zoness = []), ["zoness"]],
  [
    "an unknown key further down",
    (raw) => (raw.pools.general.maxNodes = 3),
    ["pools.general.maxNodes"],
  ],
  ["a missing key", (raw) => delete raw.region, ["region"]],
  [
    "a value of the wrong type",
    (raw) => (raw.pools.general.volumeGiB = "big"),
    ["pools.general.volumeGiB"],
  ],
  ["a version without quotes", (raw) => (raw.kubernetes.version = 1.36), ["kubernetes.version"]],
  ["an unknown version", (raw) => (raw.kubernetes.version = "1.20"), ["kubernetes.version"]],
  ["a patch version on EKS", (raw) => (raw.kubernetes.version = "1.36.3"), ["kubernetes.version"]],
  ["an unknown region", (raw) => (raw.region = "eu-nowhere-1"), ["region"]],
  ["two zones", (raw) => raw.zones.pop(), ["zones"]],
  ["a repeated zone", (raw) => (raw.zones[2] = raw.zones[0]), ["zones[2]"]],
  ["a zone of another region", (raw) => (raw.zones[1] = "eu-west-1a"), ["zones[1]"]],
  ["a zone that the region lacks", (raw) => (raw.zones[1] = "us-west-2z"), ["zones[1]"]],
  ["a malformed range", (raw) => (raw.network.cidr = "10.20.0.0"), ["network.cidr"]],
  ["a range with host bits", (raw) => (raw.network.cidr = "10.20.0.1/16"), ["network.cidr"]],
  ["a VPC larger than AWS takes", (raw) => (raw.network.cidr = "10.0.0.0/8"), ["network.cidr"]],
  ["a VPC of public addresses", (raw) => (raw.network.cidr = "8.8.0.0/16"), ["network.cidr"]],
  ["a VPC too small for the pools", (raw) => (raw.network.cidr = "10.20.0.0/20"), ["network.cidr"]],
  [
    "Services inside the VPC",
    (raw) => (raw.kubernetes.serviceCidr = "10.20.4.0/22"),
    ["kubernetes.serviceCidr"],
  ],
  [
    "Services around the VPC",
    (raw) => (raw.kubernetes.serviceCidr = "10.16.0.0/12"),
    ["kubernetes.serviceCidr"],
  ],
  [
    "too few Services",
    (raw) => (raw.kubernetes.serviceCidr = "172.20.0.0/28"),
    ["kubernetes.serviceCidr"],
  ],
  [
    "min above desired",
    (raw) => (raw.pools.general.nodesPerZone.min = 3),
    ["pools.general.nodesPerZone"],
  ],
  [
    "desired above max",
    (raw) => (raw.pools.general.nodesPerZone.max = 1),
    ["pools.general.nodesPerZone"],
  ],
  [
    "a negative count",
    (raw) => (raw.pools.general.nodesPerZone.min = -1),
    ["pools.general.nodesPerZone", "pools.general.minNodes", "storage[0].backend"],
  ],
  [
    "a pool that loses its minimum with a zone",
    (raw) => (raw.pools.general.minNodes = 5),
    ["pools.general.minNodes"],
  ],
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
  ["a negative minimum", (raw) => (raw.pools.general.minNodes = -1), ["pools.general.minNodes"]],
  ["no pool", (raw) => (raw.pools = {}), ["pools", "storage[0].backend"]],
  [
    "a pool name that AWS rejects",
    (raw) => (raw.pools.Big_Pool = raw.pools.general),
    ["pools.Big_Pool"],
  ],
  [
    "node group names too long for EKS",
    (raw) => {
      raw.name = "a".repeat(32);
      raw.pools["a-pool-of-20-letters"] = raw.pools.general;
    },
    ["pools.a-pool-of-20-letters"],
  ],
  [
    "an instance type of another architecture",
    (raw) => (raw.pools.general.instanceTypes = ["m7g.xlarge"]),
    ["pools.general.instanceTypes[0]"],
  ],
  [
    "an unknown instance type",
    (raw) => raw.pools.general.instanceTypes.push("m7i.huge"),
    ["pools.general.instanceTypes[1]"],
  ],
  [
    "more pods than an instance type can run",
    (raw) => (raw.pools.general.podsPerNode = 150),
    ["pools.general.instanceTypes[0]"],
  ],
  [
    "more pods than EKS allows",
    (raw) => (raw.pools.general.podsPerNode = 1000),
    ["network.cidr", "pools.general.podsPerNode", "pools.general.instanceTypes[0]"],
  ],
  [
    "a root volume too small",
    (raw) => (raw.pools.general.volumeGiB = 8),
    ["pools.general.volumeGiB"],
  ],
  [
    "a label that Kubernetes rejects",
    (raw) => (raw.pools.general.labels = { "bad label": "x" }),
    ["pools.general.labels.bad label"],
  ],
  [
    "a label that nodes may not set",
    (raw) => (raw.pools.general.labels = { "kubernetes.io/role": "x" }),
    ["pools.general.labels.kubernetes.io/role"],
  ],
  [
    "a taint twice",
    (raw) =>
      (raw.pools.spare = {
        ...raw.pools.general,
        taints: [1, 2].map(() => ({ key: "a", value: "b", effect: "NoExecute" })),
      }),
    ["pools.spare.taints[1]"],
  ],
  [
    "an unknown taint effect",
    (raw) => (raw.pools.general.taints = [{ key: "a", value: "b", effect: "Never" }]),
    ["pools.general.taints[0].effect"],
  ],
  [
    "an endpoint open to the world",
    (raw) => (raw.api = { publicCidrs: ["0.0.0.0/0"] }),
    ["api.publicCidrs[0]"],
  ],
  [
    "an endpoint open to the world in halves",
    (raw) => (raw.api = { publicCidrs: ["0.0.0.0/1", "128.0.0.0/1"] }),
    ["api.publicCidrs[0]", "api.publicCidrs[1]"],
  ],
  [
    "an endpoint open to the world in many parts",
    (raw) => (raw.api = { publicCidrs: Array.from({ length: 256 }, (_, i) => `${i}.0.0.0/8`) }),
    ["api.publicCidrs"],
  ],
  [
    "storage that cannot place its replicas",
    (raw) => (raw.storage = [{ backend: "ebs", replicas: 3 }]),
    ["storage[0].replicas"],
  ],
  [
    "a storage backend twice",
    (raw) => (raw.storage = [{ backend: "ebs" }, { backend: "ebs" }]),
    ["storage[1].backend"],
  ],
  [
    "Ceph on two zones",
    withDisks({ backend: "rook-ceph" }, (raw) => raw.zones.pop()),
    ["zones", "storage[1].backend", "storage[1].replicas", "storage[1].replicas"],
  ],
  [
    "three copies on two nodes",
    withDisks({ backend: "rook-ceph" }, (raw) => {
      raw.pools.disks.minNodes = 0;
      raw.pools.disks.nodesPerZone = { min: 0, desired: 0, max: 1 };
    }),
    ["storage[1].replicas", "pools.disks.nodesPerZone"],
  ],
  [
    "fewer copies than outlive a zone",
    withDisks({ backend: "portworx", licensed: true, replicas: 2 }),
    ["storage[1].replicas"],
  ],
  [
    "more copies than zones",
    withDisks({ backend: "rook-ceph", replicas: 4 }),
    ["storage[1].replicas", "storage[1].replicas"],
  ],
  [
    "disks on a pool that there is not",
    withDisks({ backend: "rook-ceph", pool: "discs" }),
    ["storage[1].pool"],
  ],
  [
    "disks on a pool that the autoscaler may shrink",
    withDisks({ backend: "rook-ceph" }, (raw) => (raw.pools.disks.nodesPerZone.max = 2)),
    ["pools.disks.nodesPerZone"],
  ],
  [
    "disks on spot nodes",
    withDisks({ backend: "rook-ceph" }, (raw) => (raw.pools.disks.capacity = "spot")),
    ["pools.disks.capacity"],
  ],
  [
    "no disks at all",
    withDisks({ backend: "rook-ceph", diskGiB: 0, disksPerZone: 0 }),
    ["storage[1].diskGiB", "storage[1].disksPerZone"],
  ],
  [
    "Ceph without the driver of its disks",
    withDisks({ backend: "rook-ceph" }, (raw) => raw.storage.shift()),
    ["storage[0].backend"],
  ],
  ["Portworx without a licence", withDisks({ backend: "portworx" }), ["storage[1].licensed"]],
  [
    "a namespace of Kubernetes' own",
    (raw) => (raw.namespaces = { "kube-system": {} }),
    ["namespaces.kube-system"],
  ],
  [
    "defaults that the release's API server cannot write",
    (raw) => {
      raw.kubernetes.version = "1.35";
      raw.namespaces = { shop: { defaults: true } };
    },
    ["namespaces.shop.defaults"],
  ],
  [
    "a quota that refuses every pod that says nothing",
    (raw) => (raw.namespaces = { shop: { quota: { cpus: 4 } } }),
    ["namespaces.shop.containers"],
  ],
  [
    "an unknown mode of the guard",
    (raw) => (raw.guard = { defaultMode: "deny" }),
    ["guard.defaultMode"],
  ],
  [
    "charts from a place that moves with the checkout",
    (raw) => (raw.charts = { mirror: "./charts" }),
    ["charts.mirror"],
  ],
  [
    "an unknown storage backend",
    (raw) => (raw.storage = [{ backend: "floppy" }]),
    ["storage[0].backend"],
  ],
  [
    "volumes in zones without steady nodes",
    (raw) => (raw.pools.general.capacity = "spot"),
    ["storage[0].backend"],
  ],
  ["a cluster name that AWS rejects", (raw) => (raw.name = "Demo_1"), ["name"]],
  ["a cluster name that is too long", (raw) => (raw.name = "a".repeat(33)), ["name"]],
  ["a tag that AWS keeps for itself", (raw) => (raw.tags = { "aws:x": "y" }), ["tags.aws:x"]],
  ["nobody to administer", (raw) => (raw.admins.ops.access = "view"), ["admins"]],
  [
    "an administrator that is no role",
    (raw) => (raw.admins.ops.principalArn = "arn:aws:sts::123456789012:assumed-role/ops/me"),
    ["admins.ops.principalArn"],
  ],
  ["one principal twice", (raw) => (raw.admins.dev = raw.admins.ops), ["admins.dev.principalArn"]],
  ["an account number that is none", (raw) => (raw.accountId = "12345"), ["accountId"]],
  [
    "a retention that CloudWatch does not offer",
    (raw) => (raw.logRetentionDays = 91),
    ["logRetentionDays"],
  ],
];

describe("rules of platform eks", () => {
  it("have nothing against the fixture", () => assert.deepEqual(findingsOf(rawEks()), []));

  for (const [mistake, make, keys] of mistakes)
    it(`report ${mistake}`, () => assert.deepEqual(keysAfter(rawEks, make), keys));

  it("leave it to the proof what a pool in chosen zones survives", () => {
    const raw = rawEks();
    raw.pools.general.zones = [raw.zones[0]];
    assert.deepEqual(findingsOf(raw), []);
  });

  it("refuse storage on a pool that stands in fewer zones than its quorum needs", () => {
    const raw = rawEks();
    const storage = {
      ...structuredClone(raw.pools.general),
      nodesPerZone: { min: 3, desired: 3, max: 3 },
    };
    raw.pools.storage = { ...storage, zones: [raw.zones[0]] };
    raw.storage = [
      { backend: "ebs" },
      { backend: "rook-ceph", pool: "storage", disksPerZone: 1, diskGiB: 100 },
    ];
    const keys = findingsOf(raw).map(({ key }) => key);
    assert.ok(keys.includes("storage[1].backend"), keys.join());
  });

  it("give every finding a remedy and a reason, as whole sentences", () => {
    for (const [mistake, make] of mistakes) {
      const raw = rawEks();
      make(raw);
      for (const { rule, remedy } of findingsOf(raw)) {
        assert.match(remedy, /[.?]$/, mistake);
        assert.match(rule, /\.$/, mistake);
      }
    }
  });
});
