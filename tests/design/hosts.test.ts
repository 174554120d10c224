import assert from "node:assert/strict";
import { planHosts } from "../../design/hosts.ts";
import { renderBundle } from "../../design/render/bundle.ts";
import { readTemplates } from "../../templates/read.ts";
import { hostsConfig, type Raw } from "../support/fixtures.ts";
import { assertGolden, stepText } from "../support/golden.ts";

const templates = readTemplates();
const planOf = (change?: (raw: Raw) => void) => planHosts(hostsConfig(change), templates);
const bundlesOf = (change?: (raw: Raw) => void) =>
  new Map(
    planOf(change).machines.map((machine) => [machine.name, renderBundle(templates, machine)]),
  );
const stepsOf = (machine: string) => {
  const found = planOf().machines.find(({ name }) => name === machine);
  assert.ok(found, machine);
  return found.steps;
};

describe("the plan of a hosts stack", () => {
  it("renders every step of ours as reviewed", () => {
    const ours = (machine: string, names: string[]) =>
      stepsOf(machine)
        .filter(({ name }) => names.includes(name))
        .map(stepText)
        .join("\n");
    assertGolden(
      "hosts/control-a.txt",
      ours("control-a", ["node", "containerd", "pod-network", "control-plane", "cluster-services"]),
    );
    assertGolden("hosts/worker-a.txt", ours("worker-a", ["node", "worker"]));
    assertGolden("hosts/balancer-a.txt", ours("balancer-a", ["node"]));
  });

  it("runs steps in an order in which each finds what it needs", () => {
    assert.deepEqual(
      stepsOf("control-a").map(({ name }) => name),
      [
        "node",
        "pki",
        "containerd",
        "pod-network",
        "etcd-client",
        "control-plane",
        "cluster-services",
        "api-health-agent",
        "etcd-snapshots",
      ],
    );
    assert.deepEqual(
      stepsOf("worker-a").map(({ name }) => name),
      ["node", "pki", "containerd", "pod-network", "worker"],
    );
  });

  it("touches no other machine when a worker comes or goes", () => {
    const before = bundlesOf();
    const after = bundlesOf((raw) => {
      raw.hosts["a-new-worker"] = { address: "192.0.2.99", zone: "d", roles: ["worker"] };
    });
    // The zone is one that had no node: cluster DNS runs there too, which control planes see to.
    const changed = [...before].filter(([name, bundle]) => after.get(name) !== bundle);
    assert.deepEqual(changed.map(([name]) => name).sort(), ["control-a", "control-b", "control-c"]);
    const sameZone = bundlesOf((raw) => {
      raw.hosts["a-new-worker"] = { address: "192.0.2.99", zone: "a", roles: ["worker"] };
    });
    for (const [name, bundle] of before) assert.equal(sameZone.get(name), bundle, name);
  });

  it("puts no key of the cluster on a machine that does not need it", () => {
    const secrets = new Map(planOf().machines.map(({ name, secrets }) => [name, secrets]));
    for (const name of ["worker-a", "balancer-a"]) {
      assert.deepEqual(secrets.get(name), ["kubernetes-ca.crt"], name);
    }
    assert.ok(secrets.get("etcd-a")?.every((secret) => secret.startsWith("etcd-")));
    assert.ok(!secrets.get("control-a")?.includes("etcd-peer-ca.key"));
  });

  it("holds no key material in any bundle", () => {
    for (const [name, bundle] of bundlesOf()) {
      assert.doesNotMatch(bundle, /BEGIN [A-Z ]*PRIVATE KEY/, name);
      assert.doesNotMatch(bundle, /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/, name);
    }
  });

  it("lets quorum members and control planes change by lock, load balancers in order", () => {
    const paces = planOf().machines.flatMap(({ roles, paces: all }) =>
      all.filter(({ oneAtATime }) => oneAtATime !== "no").map((pace) => [roles[0], pace] as const),
    );
    const kinds = new Set(paces.map(([role, pace]) => `${role} ${pace.name} ${pace.oneAtATime}`));
    assert.deepEqual([...kinds].sort(), [
      "control-plane control-plane lock",
      "etcd etcd lock",
      "load-balancer load-balancer order",
    ]);
  });

  it("is the same for the same config, whatever the order of its hosts", () => {
    const reversed = bundlesOf((raw) => {
      raw.hosts = Object.fromEntries(Object.entries(raw.hosts).reverse());
    });
    assert.deepEqual([...bundlesOf()].sort(), [...reversed].sort());
  });

  it("gives pods no range that Services have, and DNS an address of the Services", () => {
    const { network } = planOf().kubernetes;
    assert.equal(network.dnsAddress, "172.20.0.10");
    assert.equal(network.nodeSlots, 256);
  });
});
