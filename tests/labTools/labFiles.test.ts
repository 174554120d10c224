import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { parseConfig } from "../../config/parse.ts";
import { rawConfigOfStackFile } from "../../config/stackFile.ts";
import { summariseMembers, summariseNodes, withServer } from "../../lab/cluster.ts";
import { filterText } from "../../lab/cuts.ts";
import { disksOf } from "../../lab/disks.ts";
import { ensurePassphrase } from "../../lab/lab.ts";
import { bridgeName, linkName } from "../../lab/network.ts";
import { sshKeyFile } from "../../lab/paths.ts";
import { formatSeconds, progressLine } from "../../lab/progress.ts";
import { specProblems } from "../../lab/spec.ts";
import { readLabStack, writeNewLab } from "../../lab/stackFile.ts";

describe("files of a lab", () => {
  let dir: string;
  const labsBefore = process.env.QUORUM_LABS_DIR;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "quorum-test-"));
    process.env.QUORUM_LABS_DIR = join(dir, "labs");
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
    if (labsBefore === undefined) delete process.env.QUORUM_LABS_DIR;
    else process.env.QUORUM_LABS_DIR = labsBefore;
  });

  describe("stack file of a new lab", () => {
    const firstFile = join(import.meta.dirname, "../../Pulumi.lab.yaml");
    beforeEach(() => copyFileSync(firstFile, join(dir, "Pulumi.lab.yaml")));

    it("has the first lab's machines under addresses, a name and a key of its own", () => {
      const first = parseConfig(rawConfigOfStackFile(readFileSync(firstFile, "utf8")));
      writeNewLab("mine", dir, { subnetNumber: 7 });
      const text = readFileSync(join(dir, "Pulumi.mine.yaml"), "utf8");
      const mine = parseConfig(rawConfigOfStackFile(text));
      assert.ok(first.platform === "hosts" && mine.platform === "hosts");
      assert.deepEqual(Object.keys(mine.hosts), Object.keys(first.hosts));
      assert.ok(Object.values(mine.hosts).every(({ address }) => address.startsWith("198.18.7.")));
      assert.equal(mine.api.vip, "198.18.7.10");
      assert.equal(mine.name, "mine");
      assert.equal(mine.ssh.privateKeyFile, sshKeyFile("mine"));
    });

    it("gets the first subnet that no lab and no other stack file has", () => {
      mkdirSync(join(dir, "labs", "running"), { recursive: true });
      const running = join(dir, "labs", "running", "lab.json");
      writeFileSync(running, JSON.stringify({ subnet: "198.18.1.0/24" }));
      assert.equal(writeNewLab("mine", dir, {}), join(dir, "Pulumi.mine.yaml"));
      assert.equal(readLabStack("mine", dir).spec.subnet, "198.18.2.0/24");
      assert.throws(() => writeNewLab("mine", dir, {}), /is there already/);
      assert.throws(
        () => writeNewLab("other", dir, { subnetNumber: 1 }),
        /belongs to lab "running"/,
      );
      assert.throws(() => writeNewLab("../x", dir, {}), /DNS label/);
    });

    it("is not written while a stack file that cannot be read may own its subnet", () => {
      writeFileSync(join(dir, "Pulumi.broken.yaml"), "config: [");
      assert.throws(() => writeNewLab("mine", dir, {}), /Pulumi\.broken\.yaml/);
      assert.ok(!existsSync(join(dir, "Pulumi.mine.yaml")));
    });

    it("is read back as the lab that it describes", () => {
      writeNewLab("mine", dir, {});
      const { spec, kubernetesVersion } = readLabStack("mine", dir);
      assert.deepEqual(specProblems(spec), []);
      assert.equal(kubernetesVersion, "1.36.3");
      assert.deepEqual(spec.hosts["control-plane-c"], {
        address: "198.18.1.23",
        zone: "c",
        roles: ["control-plane"],
      });
    });

    it("that is missing or of another platform is said with the remedy", () => {
      assert.throws(() => readLabStack("absent", dir), /quorum lab new absent/);
      writeFileSync(join(dir, "Pulumi.prod.yaml"), "config:\n  quorum:platform: eks\n");
      assert.throws(() => readLabStack("prod", dir), /platform "eks"; a lab needs "hosts"/);
    });
  });

  describe("spec of a lab", () => {
    const host = (address: string) => ({ address, zone: "a", roles: ["worker" as const] });
    const spec = (hosts: Record<string, string>, vip = "198.18.0.10") => ({
      name: "lab",
      subnet: "198.18.0.0/24",
      vip,
      etcdDataDir: "/var/lib/etcd",
      hosts: Object.fromEntries(Object.entries(hosts).map(([name, one]) => [name, host(one)])),
    });

    it("reports every problem at once", () => {
      const problems = specProblems(
        spec({
          a: "10.0.0.1",
          b: "198.18.1.5",
          c: "198.18.0.1",
          d: "198.18.0.10",
          E: "198.18.0.9",
        }),
      );
      assert.equal(problems.length, 5);
      assert.match(problems.join("\n"), /10\.0\.0\.1.*198\.18\.0\.0\/15/);
      assert.match(problems.join("\n"), /198\.18\.1\.5 is outside/);
      assert.match(problems.join("\n"), /198\.18\.0\.1 belongs to this computer/);
      assert.match(problems.join("\n"), /198\.18\.0\.10 belongs to d/);
      assert.match(problems.join("\n"), /"E"/);
    });

    it("never lets an address outside the benchmark range through", () => {
      const outside = fc.ipV4().filter((address) => !/^198\.(18|19)\./.test(address));
      fc.assert(
        fc.property(outside, (address) => {
          assert.notDeepEqual(specProblems(spec({ a: address })), []);
        }),
      );
    });
  });

  describe("interface names", () => {
    it("fit Linux' 15 characters and differ for every machine of every lab", () => {
      const name = fc.stringMatching(/^[a-z][a-z0-9]{0,19}$/);
      fc.assert(
        fc.property(name, name, name, (lab, one, other) => {
          assert.ok(bridgeName(lab).length <= 15);
          assert.ok(linkName(lab, one).length <= 15);
          assert.equal(linkName(lab, one) === linkName(lab, other), one === other);
        }),
      );
    });
  });

  describe("disks of a machine", () => {
    it("give etcd a disk of its own on members and nowhere else", () => {
      assert.deepEqual(
        disksOf(["etcd"], "/data").map(({ name, kind, mountPoint }) => [name, kind, mountPoint]),
        [
          ["containerd", "directory", "/var/lib/containerd"],
          ["kubelet", "directory", "/var/lib/kubelet"],
          ["etcd", "image", "/data"],
        ],
      );
      assert.ok(!disksOf(["worker"], "/data").some(({ name }) => name === "etcd"));
    });

    it("give workers one for their local volumes, with room for all of them", () => {
      copyFileSync(
        join(import.meta.dirname, "../../Pulumi.lab.yaml"),
        join(dir, "Pulumi.lab.yaml"),
      );
      const { spec } = readLabStack("lab", dir);
      assert.ok(spec.volumes !== undefined);
      const [disk] = disksOf(["worker"], "/data", spec.volumes).slice(-1);
      assert.deepEqual([disk?.name, disk?.kind], ["volumes", "image"]);
      assert.equal(disk?.mountPoint, "/var/lib/quorum-volumes");
      assert.ok((disk?.sizeMiB ?? 0) > 2 * 1024 * 1.05);
      assert.ok(!disksOf(["etcd"], "/data", spec.volumes).some(({ name }) => name === "volumes"));
    });
  });

  describe("cuts", () => {
    it("replace the filter as a whole, so that none removes it", () => {
      assert.equal(
        filterText("lab", []),
        "table netdev quorum-lab\ndelete table netdev quorum-lab\n",
      );
    });

    it("drop only the direction, peer, protocol and port that are named", () => {
      const text = filterText("lab", [
        { machine: "a", direction: "from", peers: ["198.18.0.12"], protocol: "tcp" },
        { machine: "b", direction: "both" },
        { machine: "c", direction: "to", peers: ["198.18.0.11"], port: 2380 },
      ]);
      assert.match(text, new RegExp(`hook ingress device "${linkName("lab", "a")}"`));
      assert.match(text, /ip daddr \{ 198\.18\.0\.12 \} ip protocol tcp counter drop/);
      assert.doesNotMatch(text, /chain to-a/);
      assert.match(text, /chain to-b \{[^}]*\n {4}counter drop/);
      assert.match(text, /chain from-b \{[^}]*\n {4}counter drop/);
      assert.match(text, /ip saddr \{ 198\.18\.0\.11 \} tcp sport 2380 counter drop/);
      assert.match(text, /ip saddr \{ 198\.18\.0\.11 \} tcp dport 2380 counter drop/);
      assert.doesNotMatch(text, /chain from-c/);
    });
  });

  describe("progress", () => {
    it("tells elapsed time and what an earlier run lets expect", () => {
      assert.equal(formatSeconds(65.2), "1 min 05 s");
      assert.equal(progressLine("build", 10), "build: 10 s");
      assert.equal(progressLine("build", 10, 70), "build: 10 s, about 1 min 00 s left");
      assert.equal(
        progressLine("build", 80, 70),
        "build: 1 min 20 s, longer than the 1 min 10 s of last time",
      );
    });
  });

  describe("passphrase of a lab", () => {
    it("is made once and read by its owner alone", () => {
      const file = ensurePassphrase("mine");
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const text = readFileSync(file, "utf8");
      assert.ok(text.trim().length >= 40);
      assert.equal(readFileSync(ensurePassphrase("mine"), "utf8"), text);
      assert.notEqual(readFileSync(ensurePassphrase("other"), "utf8"), text);
    });
  });

  describe("what is told of a cluster", () => {
    it("names each node's zone, kind and whether it is ready", () => {
      const node = (name: string, zone: string, ready: string, controlPlane: boolean) => ({
        metadata: {
          name,
          labels: {
            "topology.kubernetes.io/zone": zone,
            ...(controlPlane ? { "node-role.kubernetes.io/control-plane": "" } : {}),
          },
        },
        status: {
          conditions: [{ type: "Ready", status: ready }],
          nodeInfo: { kubeletVersion: "v1.36.3" },
        },
      });
      const items = [node("cp-a", "a", "True", true), node("worker-b", "b", "Unknown", false)];
      assert.deepEqual(summariseNodes(JSON.stringify({ items })), [
        { name: "cp-a", zone: "a", ready: true, controlPlane: true, version: "v1.36.3" },
        { name: "worker-b", zone: "b", ready: false, controlPlane: false, version: "v1.36.3" },
      ]);
    });

    it("finds the etcd leader", () => {
      const status = (id: number) => ({
        Endpoint: `https://198.18.0.${id}:2379`,
        Status: { header: { member_id: id }, version: "3.6.16", dbSize: 5 * 2 ** 20, leader: 12 },
      });
      const members = summariseMembers(JSON.stringify([status(11), status(12)]));
      assert.deepEqual(
        members.map(({ leads }) => leads),
        [false, true],
      );
      assert.equal(members[0]?.databaseMiB, 5);
    });

    it("points the kubeconfig at the VIP and changes nothing else", () => {
      const text =
        "clusters:\n- cluster:\n    server: https://api.lab.internal:6443\n  name: lab\n";
      assert.equal(
        withServer(text, "198.18.0.10"),
        text.replace("api.lab.internal", "198.18.0.10"),
      );
    });
  });
});
