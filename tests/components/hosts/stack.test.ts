import assert from "node:assert/strict";
import { hostsStack } from "../../../components/hosts/stack.ts";
import { hostsConfig } from "../../support/fixtures.ts";
import { type Recording, record } from "../../support/mocks.ts";

const command = "command:remote:Command";
/** How the SDK marks a secret on the wire. */
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const signatureKey = "4dabf18193072939515e22adb298388d";

describe("a hosts stack with Cilium", () => {
  it("leaves the pods' routes to the chart, at one version, by way of the virtual address", async () => {
    const config = hostsConfig((raw) => {
      raw.podNetwork = "cilium";
    });
    const recording = await record(async () => hostsStack(config), {
      stack: "demo",
      preview: true,
    });
    const { inputs } = recording.find("kubernetes:helm.sh/v3:Release", "demo-cilium");
    assert.match(inputs.version, /^\d+\.\d+\.\d+$/);
    assert.equal(inputs.values.ipv4NativeRoutingCIDR, "10.244.0.0/16");
    assert.equal(inputs.values.k8sServiceHost, "192.0.2.10");
    const bundle = recording.find(command, "worker-a-bundle").inputs.stdin;
    assert.doesNotMatch(bundle, /^step pod-network /m);
  });
});

describe("a stack of platform hosts", () => {
  let recording: Recording;
  before(async () => {
    const config = hostsConfig((raw) => {
      raw.hosts["worker-a"].size = { cpus: 8, memoryGiB: 32 };
    });
    recording = await record(async () => hostsStack(config), { stack: "demo", preview: true });
  });
  const machines = () => recording.ofType("quorum:hosts:Machine").map(({ name }) => name);
  const find = (name: string) => recording.find(command, name);

  it("gives every machine a look, its keys, its bundle and someone who waits for it", () => {
    assert.equal(machines().length, 9);
    const expected = machines().flatMap((name) =>
      ["preflight", "secrets", "bundle", "ready"].map((what) => `${name}-${what}`),
    );
    const actual = recording.ofType(command).map(({ name }) => name);
    assert.deepEqual(actual.sort(), expected.sort());
    for (const { name, parent } of recording.ofType(command)) {
      assert.equal(parent, `quorum:hosts:Machine::${name.replace(/-[a-z]+$/, "")}`);
    }
  });

  it("brings everything again to a machine that was installed anew, and to no other", async () => {
    const config = hostsConfig((raw) => {
      raw.hosts["worker-a"].size = { cpus: 8, memoryGiB: 32 };
      raw.hosts["etcd-b"].installation = 2;
    });
    const anew = await record(async () => hostsStack(config), { stack: "demo", preview: true });
    const changed = anew.registrations
      .filter(({ type, name, inputs }) => {
        const before = recording.find(type, name).inputs;
        return JSON.stringify(before) !== JSON.stringify(inputs);
      })
      .map(({ name }) => name);
    const parts = ["preflight", "secrets", "bundle", "ready"].map((part) => `etcd-b-${part}`);
    assert.deepEqual(changed.toSorted(), parts.toSorted());
    // An update runs "create" again and deletes nothing.
    for (const name of parts) {
      const { create, triggers } = anew.find(command, name).inputs;
      assert.equal(create, `${find(name).inputs.create}\n# installation 2\n`);
      assert.equal(triggers, undefined);
    }
  });

  it("changes no host before every host has been looked at", () => {
    const preflights = machines().map((name) => `${name}-preflight`);
    for (const name of machines()) {
      assert.deepEqual(find(`${name}-preflight`).dependencies, []);
      const { dependencies } = find(`${name}-secrets`);
      for (const preflight of preflights) assert.ok(dependencies.includes(preflight), name);
    }
  });

  it("takes workers away first and etcd last, and lets no machine wait for another's work", () => {
    const needed = (name: string) => find(name).dependencies;
    assert.ok(needed("worker-a-bundle").includes("control-b-bundle"));
    assert.ok(needed("control-b-bundle").includes("etcd-c-bundle"));
    for (const name of machines()) {
      const waited = needed(`${name}-bundle`).filter((one) => one.endsWith("-ready"));
      assert.deepEqual(waited, name === "balancer-b" ? ["balancer-a-ready"] : [], name);
    }
  });

  it("shows a bundle in the preview, and never a key", () => {
    for (const name of machines()) {
      assert.match(find(`${name}-bundle`).inputs.stdin, /^quorum-bundle 1\nmachine /);
      const { stdin, logging } = find(`${name}-secrets`).inputs;
      assert.equal(stdin === undefined || stdin[signatureKey] === secretSignature, true, name);
      assert.equal(logging, "none");
    }
    for (const { inputs, name } of recording.registrations) {
      assert.doesNotMatch(JSON.stringify(inputs), /PRIVATE KEY/, name);
    }
  });

  it("names every machine's keys as secret, the connection's too", () => {
    for (const { inputs, name } of recording.ofType(command)) {
      assert.equal(inputs.connection[signatureKey], secretSignature, name);
    }
  });

  it("says what the proof asks about each machine", () => {
    const { inputs } = recording.find("quorum:hosts:Machine", "worker-a");
    const { steps, ...facts } = inputs;
    assert.deepEqual(facts, {
      machine: "worker-a",
      zone: "a",
      address: "192.0.2.41",
      roles: ["worker"],
      segment: "192.0.2.0/24",
      labels: {},
      taints: [],
      cpus: 8,
      memoryGiB: 32,
    });
    const etcd = recording.find("quorum:hosts:Machine", "etcd-a").inputs.steps;
    assert.ok(etcd.some((one: { name: string; oneAtATime: string }) => one.oneAtATime === "lock"));
    assert.ok(steps.every((one: { oneAtATime: string }) => one.oneAtATime === "no"));
    const balancer = recording.find("quorum:hosts:ApiLoadBalancer", "demo-api").inputs;
    assert.deepEqual(balancer.members, ["balancer-a", "balancer-b"]);
    assert.deepEqual(balancer.backends, ["control-a", "control-b", "control-c"]);
  });

  it("signs each node's own name and address, and nothing for machines that run no pods", () => {
    const requests = recording.ofType("tls:index/certRequest:CertRequest");
    const hosts = requests.filter(({ name }) => name.endsWith("-host"));
    assert.deepEqual(hosts.map(({ name }) => name).sort(), [
      "control-a-host",
      "control-b-host",
      "control-c-host",
      "worker-a-host",
    ]);
    const worker = hosts.find(({ name }) => name === "worker-a-host")?.inputs;
    assert.deepEqual(worker.dnsNames, ["worker-a"]);
    assert.deepEqual(worker.ipAddresses, ["192.0.2.41"]);
    assert.deepEqual(worker.subject, {
      commonName: "quorum:host:worker-a",
      organization: "quorum:hosts",
    });
  });
});
