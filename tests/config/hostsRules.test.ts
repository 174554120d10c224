import assert from "node:assert/strict";
import { configWarnings } from "../../config/warnings.ts";
import { hostsConfig, type Raw, rawHosts } from "../support/fixtures.ts";
import { findingsOf, keysAfter } from "./findings.ts";

const without = (raw: Raw, name: string, role: string) => {
  raw.hosts[name].roles = raw.hosts[name].roles.filter((one: string) => one !== role);
  if (raw.hosts[name].roles.length === 0) delete raw.hosts[name];
};

const mistakes: [string, (raw: Raw) => void, string[]][] = [
  ["an unknown key", (raw) => (raw.etcd = { member: 3 }), ["etcd.member"]],
  ["an unknown role", (raw) => (raw.hosts["etcd-a"].roles = ["etdc"]), ["hosts.etcd-a.roles[0]"]],
  [
    "a patch version that was never tried",
    (raw) => (raw.kubernetes.version = "1.36.0"),
    ["kubernetes.version"],
  ],
  ["a minor version", (raw) => (raw.kubernetes.version = "1.36"), ["kubernetes.version"]],
  [
    "local volumes of no size, no number, a class and a place of no name",
    (raw) =>
      (raw.localVolumes = { perHost: 0, sizeGiB: 0, storageClass: "A b", directory: "volumes" }),
    [
      "localVolumes.perHost",
      "localVolumes.sizeGiB",
      "localVolumes.storageClass",
      "localVolumes.directory",
    ],
  ],
  [
    "local volumes among etcd's files",
    (raw) => (raw.localVolumes = { perHost: 1, sizeGiB: 1, directory: "/var/lib/etcd/volumes" }),
    ["localVolumes.directory"],
  ],
  [
    "a guard of no known mode",
    (raw) => (raw.guard = { defaultMode: "refuse" }),
    ["guard.defaultMode"],
  ],
  [
    "a key that the guard has not",
    (raw) => (raw.guard = { mode: "warn", defaultMode: "warn" }),
    ["guard.mode"],
  ],
  [
    "a namespace of Kubernetes' own, and a quota that refuses every pod",
    (raw) => (raw.namespaces = { "kube-apps": {}, team: { quota: { cpus: 4 } } }),
    ["namespaces.kube-apps", "namespaces.team.containers"],
  ],
  [
    "a quota of nothing",
    (raw) => (raw.namespaces = { team: { quota: { pods: 0 } } }),
    ["namespaces.team.quota.pods"],
  ],
  [
    "a namespace that wants a guard and defaults where there is none",
    (raw) => (raw.namespaces = { team: { guard: "enforce", defaults: true }, other: {} }),
    ["namespaces.team.guard", "namespaces.team.defaults"],
  ],
  [
    "a power controller without a command, and a pattern that matches everything",
    (raw) => (raw.powerStatus = { command: [], off: "(off)?" }),
    ["powerStatus.command", "powerStatus.off"],
  ],
  [
    "a power controller that is asked about no machine in particular, and no pattern",
    (raw) => (raw.powerStatus = { command: ["power", "status"], off: "off(" }),
    ["powerStatus.command", "powerStatus.off"],
  ],
  ["two etcd members", (raw) => without(raw, "etcd-c", "etcd"), ["etcd.members"]],
  ["four etcd members", (raw) => raw.hosts["worker-a"].roles.push("etcd"), ["etcd.members"]],
  [
    "a zone with a majority of etcd members",
    (raw) => (raw.hosts["etcd-b"].zone = "a"),
    ["etcd.members"],
  ],
  ["control planes in two zones", (raw) => (raw.hosts["control-c"].zone = "b"), ["hosts"]],
  ["one load balancer", (raw) => without(raw, "balancer-b", "load-balancer"), ["hosts"]],
  ["both load balancers in one zone", (raw) => (raw.hosts["balancer-b"].zone = "a"), ["hosts"]],
  [
    "a load balancer that is a control plane",
    (raw) => raw.hosts["control-a"].roles.push("load-balancer"),
    ["hosts.control-a.roles"],
  ],
  [
    "a host without a role",
    (raw) => (raw.hosts["worker-a"].roles = []),
    ["hosts.worker-a.roles", "hosts"],
  ],
  ["no worker", (raw) => delete raw.hosts["worker-a"], ["hosts"]],
  [
    "an address twice",
    (raw) => (raw.hosts["worker-a"].address = "192.0.2.11"),
    ["hosts.worker-a.address"],
  ],
  ["a VIP that a host has", (raw) => (raw.api.vip = "192.0.2.11"), ["api.vip"]],
  [
    "a name for an address",
    (raw) => (raw.hosts["worker-a"].address = "worker.example"),
    ["hosts.worker-a.address"],
  ],
  [
    "pods among the hosts",
    (raw) => (raw.kubernetes.podCidr = "192.0.0.0/16"),
    ["kubernetes.podCidr", "kubernetes.podCidr"],
  ],
  [
    "pods among Services",
    (raw) => (raw.kubernetes.podCidr = "172.20.0.0/16"),
    ["kubernetes.podCidr"],
  ],
  [
    "too few pod ranges",
    (raw) => (raw.kubernetes.podCidr = "10.244.0.0/22"),
    ["kubernetes.podCidr"],
  ],
  [
    "a host name that Kubernetes rejects",
    (raw) => (raw.hosts.Worker_B = { ...raw.hosts["worker-a"], address: "192.0.2.99" }),
    ["hosts.Worker_B"],
  ],
  [
    "a zone name that labels reject",
    (raw) => (raw.hosts["worker-a"].zone = "Rack 1"),
    ["hosts.worker-a.zone"],
  ],
  ["a port that there is none of", (raw) => (raw.api.port = 70000), ["api.port"]],
  ["the API on etcd's port", (raw) => (raw.api.port = 2379), ["api.port"]],
  ["a quota beyond etcd's advice", (raw) => (raw.etcd = { quotaGiB: 16 }), ["etcd.quotaGiB"]],
  [
    "a data directory that is no path",
    (raw) => (raw.etcd = { dataDir: "etcd; rm -rf /" }),
    ["etcd.dataDir"],
  ],
  ["no snapshots", (raw) => (raw.etcd = { snapshots: { keep: 0 } }), ["etcd.snapshots.keep"]],
  [
    "a mirror without encryption",
    (raw) =>
      (raw.artifacts = {
        source: "download",
        mirror: "http://m.example",
        digests: Object.fromEntries(
          [
            "etcd-v3.6.16-linux-amd64.tar.gz",
            "containerd-2.4.2-linux-amd64.tar.gz",
            "runc-1.5.2-amd64",
          ].map((name) => [name, "0".repeat(64)]),
        ),
      }),
    ["artifacts.mirror"],
  ],
  [
    "an unknown source of artifacts",
    (raw) => (raw.artifacts = { source: "torrent" }),
    ["artifacts.source"],
  ],
];

describe("rules of platform hosts", () => {
  it("have nothing against the fixture", () => assert.deepEqual(findingsOf(rawHosts()), []));

  for (const [mistake, make, keys] of mistakes)
    it(`report ${mistake}`, () => assert.deepEqual(keysAfter(rawHosts, make), keys));

  it("take a guard and namespaces as the platforms of AWS do, with the same defaults", () => {
    const namespaces = {
      team: {
        guard: "enforce",
        defaults: true,
        quota: { cpus: 4, pods: 10 },
        containers: { defaultCpuMilli: 100, defaultMemoryMiB: 128 },
      },
      bounded: { quota: { pods: 10 } },
    };
    const config = hostsConfig((raw) => Object.assign(raw, { guard: {}, namespaces }));
    assert.deepEqual(config.guard, { defaultMode: "warn" });
    assert.deepEqual(config.namespaces, namespaces);
    assert.equal(hostsConfig().guard, undefined);
    assert.deepEqual(hostsConfig().namespaces, {});
    const quotaAlone = (raw: Raw) => (raw.namespaces = { bounded: namespaces.bounded });
    assert.deepEqual(keysAfter(rawHosts, quotaAlone), []);
  });

  it("keep a pasted private key out of the report", () => {
    const raw = rawHosts();
    raw.ssh.privateKeyFile = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA";
    const [finding] = findingsOf(raw);
    assert.equal(finding?.key, "ssh.privateKeyFile");
    assert.equal(finding?.value, undefined);
  });

  it("take five members over three zones when none has three", () => {
    const raw = rawHosts();
    raw.hosts["etcd-d"] = { address: "192.0.2.14", zone: "a", roles: ["etcd"] };
    raw.hosts["etcd-e"] = { address: "192.0.2.15", zone: "b", roles: ["etcd"] };
    assert.deepEqual(findingsOf(raw), []);
  });

  it("only warn of a VIP beyond the load balancers' /24", () => {
    const config = hostsConfig((raw) => (raw.api.vip = "198.51.100.10"));
    assert.deepEqual(
      configWarnings(config).map(({ key }) => key),
      ["api.vip"],
    );
    assert.deepEqual(configWarnings(hostsConfig()), []);
  });
});
