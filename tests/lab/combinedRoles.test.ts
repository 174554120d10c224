import assert from "node:assert/strict";
import { waitUntilHealthy } from "../../lab/faults/health.ts";
import { etcdctl, withRole } from "../../lab/faults/members.ts";
import { type LabCluster, OwnLab, type StackHost } from "../../lab/ownLab.ts";
import { waitUntil } from "../../lab/process.ts";

const full = process.env.QUORUM_LAB_FULL === "1" ? describe : describe.skip;

const size = { cpus: 2, memoryGiB: 2 };
/** Five hosts: each control plane stands beside an etcd member, each load balancer beside a worker. */
const hosts: Record<string, StackHost> = {
  "master-a": { address: "198.18.75.11", zone: "a", roles: ["etcd", "control-plane"] },
  "master-b": { address: "198.18.75.12", zone: "b", roles: ["etcd", "control-plane"] },
  "master-c": { address: "198.18.75.13", zone: "c", roles: ["etcd", "control-plane"] },
  "edge-a": { address: "198.18.75.5", zone: "a", roles: ["load-balancer", "worker"], size },
  "edge-b": { address: "198.18.75.6", zone: "b", roles: ["load-balancer", "worker"], size },
};

full("hosts of several roles", function () {
  this.timeout(1_200_000);
  const lab = new OwnLab("combined", 75);
  let cluster: LabCluster;

  before(async () => {
    lab.writeStack({}, undefined, { hosts });
    cluster = await lab.cluster();
  });
  after(() => lab.down());

  async function members(): Promise<string> {
    const [first] = withRole(cluster.lab, "etcd");
    assert.ok(first);
    return (await etcdctl(first, ["member", "list"])).stdout;
  }

  it("join anew as control planes beside an etcd member that keeps its data, another being lost", async () => {
    const before = await members();
    const machine = cluster.lab.machine("master-a");
    const journal = async () => {
      const { stdout } = await machine.exec(["journalctl", "-o", "cat", "-u", "quorum-apply"]);
      return stdout.slice(-6000);
    };
    await cluster.lab.machine("master-c").powerOff();
    try {
      // As one finds a host whose join was cut off.
      await machine.exec(["rm", "/var/lib/quorum/control-plane.joined", "/var/lib/quorum/outcome"]);
      await machine.exec(["systemctl", "start", "--no-block", "quorum-apply.service"]);
      await waitUntil("master-a has joined", 300, async () => {
        const outcome = ["cat", "/var/lib/quorum/outcome"];
        const { stdout } = await machine.exec(outcome, { mayFail: true });
        if (stdout !== "") assert.match(stdout, / ok\n$/, await journal());
        return stdout !== "";
      });
      assert.match(await journal(), /undoing a half-done attempt/);
    } finally {
      await cluster.lab.powerOn("master-c", cluster.image);
    }
    await waitUntilHealthy(cluster.problems, 240);
    assert.equal(await members(), before);
  });
});
