import assert from "node:assert/strict";
import { type Raw, rawEc2, rawEks, rawHosts } from "../support/fixtures.ts";
import { diskPool, ingress } from "../support/layers.ts";
import { findingsOf, keysAfter } from "./findings.ts";

/** A backend on a pool of its own, beside EBS. */
const withDisks =
  (backend: Raw, change: (raw: Raw) => void = () => {}) =>
  (raw: Raw) => {
    raw.pools.disks = diskPool(raw);
    raw.storage = [{ backend: "ebs" }, { pool: "disks", ...backend }];
    change(raw);
  };
const ceph = { backend: "rook-ceph" };
const portworx = { backend: "portworx", licensed: true };
const external = (kvdb: Raw) => withDisks({ ...portworx, kvdb: { mode: "external", ...kvdb } });
const endpoints = ["a", "b", "c"].map((letter) => `https://etcd-${letter}.example.com:2379`);
const digest = "0".repeat(64);

const onAws: [string, (raw: Raw) => void, string[]][] = [
  [
    "Ceph on two zones",
    withDisks(ceph, (raw) => raw.zones.pop()),
    ["zones", "storage[1].backend", "storage[1].replicas", "storage[1].replicas"],
  ],
  [
    "three replicas on two nodes",
    withDisks(ceph, (raw) => {
      raw.pools.disks.minNodes = 0;
      raw.pools.disks.nodesPerZone = { min: 0, desired: 0, max: 1 };
    }),
    ["storage[1].replicas", "pools.disks.nodesPerZone"],
  ],
  [
    "storage on nodes that the autoscaler takes away",
    withDisks(portworx, (raw) => (raw.pools.disks.nodesPerZone.max = 4)),
    ["pools.disks.nodesPerZone"],
  ],
  ["storage on an unknown pool", withDisks({ ...ceph, pool: "disk" }), ["storage[1].pool"]],
  [
    "Ceph without disks to stand on",
    withDisks(ceph, (raw) => raw.storage.shift()),
    ["storage[0].backend"],
  ],
  [
    "Portworx without a licence",
    withDisks({ ...portworx, licensed: false }),
    ["storage[1].licensed"],
  ],
  [
    "Portworx's store on two members",
    external({ endpoints: endpoints.slice(0, 2), secretName: "etcd" }),
    ["storage[1].kvdb.endpoints"],
  ],
  [
    "Portworx's store in clear text",
    external({ endpoints: ["http://etcd:2379", ...endpoints], secretName: "etcd" }),
    ["storage[1].kvdb.endpoints[0]"],
  ],
  ["a kvdb of no known mode", withDisks({ ...portworx, kvdb: { mode: "cloud" } }), ["storage"]],
  [
    "a digest that Helm would not look at",
    (raw) => (raw.charts = { digests: { "cluster-autoscaler-9.59.0": digest } }),
    ["charts.digests"],
  ],
  [
    "a digest that is none",
    (raw) => {
      raw.charts = { mirror: "oci://registry.example.com/charts", digests: { portworx: "abc" } };
    },
    ["charts.digests.portworx", "charts.digests"],
  ],
  [
    "an ingress without an own namespace, pods or ports",
    (raw) => (raw.ingress = { namespace: "kube-system", selector: {}, listeners: {} }),
    ["ingress.namespace", "ingress.listeners", "ingress.selector"],
  ],
];

const platforms = { eks: rawEks, ec2: rawEc2 } as const;

for (const [platform, raw] of Object.entries(platforms))
  describe(`rules of what runs on a cluster of platform ${platform}`, () => {
    const layered = () => ({ ...raw(), ingress: ingress(platform as "eks" | "ec2") });

    it("have nothing against every backend, an ingress and Portworx's store elsewhere", () => {
      const all = layered();
      withDisks(ceph)(all);
      all.storage.push({
        ...portworx,
        pool: "disks",
        kvdb: { mode: "external", endpoints, secretName: "etcd" },
      });
      assert.deepEqual(findingsOf(all), []);
    });

    for (const [what, change, keys] of onAws)
      it(`refuse ${what}`, () => {
        const found = keysAfter(raw, change);
        // Some mistakes break a rule of the platform too: the order of its rules is its own.
        const expected = keys.includes("storage") ? found : keys;
        assert.deepEqual(found.toSorted(), expected.toSorted());
        assert.ok(found.length > 0);
      });

    it("refuse an ingress for nobody in particular, or one port twice", () => {
      const change = (settings: Raw) => (one: Raw) => Object.assign(one.ingress, settings);
      assert.deepEqual(keysAfter(layered, change({ scheme: "internet-facing" })), [
        "ingress.clientCidrs",
      ]);
      assert.deepEqual(keysAfter(layered, change({ clientCidrs: ["10.0.0.1/8"] })), [
        "ingress.clientCidrs[0]",
      ]);
      const { https } = layered().ingress.listeners;
      const twice = { https, other: { ...https, podPort: 9443 } };
      assert.ok(
        keysAfter(layered, change({ listeners: twice })).includes("ingress.listeners.other.port"),
      );
    });

    it("want a digest of every chart that is taken from a directory, and of no other", () => {
      const mirror = "/srv/charts";
      const names = keysAfter(raw, (one) => (one.charts = { mirror }));
      assert.ok(names.includes("charts.digests.cluster-autoscaler-9.59.0"));
      assert.equal(
        names.includes("charts.digests.metrics-server-3.13.1"),
        platform === "ec2",
        "an add-on on EKS",
      );
      assert.ok(!names.some((name) => name.includes("portworx")));
      const digests = Object.fromEntries(
        names.map((name) => [name.replace("charts.digests.", ""), digest]),
      );
      assert.deepEqual(
        keysAfter(raw, (one) => (one.charts = { mirror, digests })),
        [],
      );
      assert.deepEqual(
        keysAfter(
          raw,
          (one) => (one.charts = { mirror, digests: { ...digests, "portworx-9.1.1": digest } }),
        ),
        ["charts.digests.portworx-9.1.1"],
      );
    });
  });

describe("rules of node ports and of the way to the API", () => {
  const withIngress = (platform: "eks" | "ec2", nodePort: number | undefined) => (raw: Raw) => {
    raw.ingress = ingress(platform);
    raw.ingress.listeners.https.nodePort = nodePort;
  };

  it("want one where pods have addresses of an overlay, and none where they have the VPC's", () => {
    const key = "ingress.listeners.https.nodePort";
    assert.deepEqual(keysAfter(rawEc2, withIngress("ec2", undefined)), [key]);
    assert.deepEqual(keysAfter(rawEc2, withIngress("ec2", 443)), [key]);
    assert.deepEqual(keysAfter(rawEks, withIngress("eks", 30443)), [key]);
  });

  for (const address of ["https://127.0.0.1:8443", "127.0.0.1", "127.0.0.1:99999", ":8443"])
    it(`refuse ${address} as where the operator connects`, () =>
      assert.deepEqual(
        keysAfter(rawEc2, (raw) => (raw.api = { operatorAddress: address })),
        ["api.operatorAddress"],
      ));
});

describe("rules of Ceph on hosts", () => {
  const disk = (letter: string) => [`/dev/disk/by-id/nvme-${letter}`];
  const onHosts = () => {
    const raw = rawHosts();
    for (const [index, zone] of ["b", "c"].entries())
      raw.hosts[`worker-${zone}`] = { address: `192.0.2.4${index + 2}`, zone, roles: ["worker"] };
    raw.storage = [
      {
        backend: "rook-ceph",
        disks: { "worker-a": disk("a"), "worker-b": disk("b"), "worker-c": disk("c") },
      },
    ];
    return raw;
  };

  it("have nothing against a disk in each of three zones", () =>
    assert.deepEqual(findingsOf(onHosts()), []));

  const mistakes: [string, (ceph: Raw, raw: Raw) => void, string[]][] = [
    [
      "disks in two zones",
      (one) => delete one.disks["worker-c"],
      ["storage[0].disks", "storage[0].replicas"],
    ],
    [
      "a disk of a control plane",
      (one) => (one.disks["control-a"] = disk("x")),
      ["storage[0].disks.control-a"],
    ],
    ["a host without disks", (one) => (one.disks["worker-a"] = []), ["storage[0].disks.worker-a"]],
    [
      "a disk by a pattern",
      (one) => (one.disks["worker-a"] = ["/dev/sd*"]),
      ["storage[0].disks.worker-a[0]"],
    ],
    [
      "a disk twice",
      (one) => (one.disks["worker-a"] = [...disk("a"), ...disk("a")]),
      ["storage[0].disks.worker-a[1]"],
    ],
    ["four copies in three zones", (one) => (one.replicas = 4), ["storage[0].replicas"]],
    ["Ceph twice", (one, raw) => raw.storage.push(one), ["storage[1].backend"]],
  ];
  for (const [what, change, keys] of mistakes)
    it(`refuse ${what}`, () =>
      assert.deepEqual(
        keysAfter(onHosts, (raw) => change(raw.storage[0], raw)),
        keys,
      ));
});
