import assert from "node:assert/strict";
import { existsSync, readlinkSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { ec2Roles } from "../../design/ec2/names.ts";
import { Cloud } from "../../lab/cloud/cloud.ts";
import type { Instance } from "../../lab/cloud/instances.ts";
import { echoImage } from "../../lab/containerImages.ts";
import { etcdctl } from "../../lab/faults/members.ts";
import { takeDown } from "../../lab/machines.ts";
import { labDir } from "../../lab/paths.ts";
import { run, sleep } from "../../lab/process.ts";
import { roll } from "../../rolling/roll.ts";
import {
  bootState,
  etcdMembers,
  fileOf,
  hasWritten,
  nodes,
  waitFor,
  waitForBoot,
  waitForEtcd,
  waitForNodes,
} from "./support/hybridCluster.ts";
import { moments } from "./support/hybridMoments.ts";
import { RollingCloud } from "./support/hybridRoll.ts";
import { hybridDesign, hybridPlan } from "./support/hybridStack.ts";
import { hostImage } from "./support/smallLab.ts";

const name = "hybridtest";
const everyStep = process.env.QUORUM_LAB_FULL === "1";
const whole = everyStep ? it : it.skip;
const bootstrapSeconds = 420;
const replacedSeconds = 180;
const drainSeconds = 60;
const configMap = "before-the-replacements";
/** A Deployment of one pod that a disruption budget keeps. */
const guarded = "guarded";

describe("the hybrid stack, booted from its user data alone", function () {
  this.timeout(900_000);
  let cloud: Cloud;

  before(async () => {
    if (existsSync(labDir(name))) await takeDown(name);
    cloud = new Cloud(name, await hybridPlan(name), await hostImage());
    await cloud.start();
  });
  after(async () => cloud?.down());

  const group = (role: string, zone: string) => `${name}-${role}-eu-west-1${zone}`;
  const member = (zone: string): Instance => {
    const found = cloud.ofRole("etcd").find((one) => one.group.zone.endsWith(zone));
    assert.ok(found, `an etcd machine in zone ${zone}`);
    return found;
  };
  const volumeOf = (zone: string) => `/k8s/${name}/volumes/etcd-eu-west-1${zone}`;
  const keptValue = () =>
    cloud.kubectl(["get", "configmap", configMap, "--output=jsonpath={.data.kept}"]);
  const worker = (): Instance => {
    const found = cloud.ofRole("worker").at(-1);
    assert.ok(found, "a worker");
    return found;
  };

  it("forms etcd, three control planes and a worker, without SSH on any machine", async () => {
    const all = ["etcd", "control-plane"].flatMap((role) =>
      ["a", "b", "c"].map((zone) => group(role, zone)),
    );
    await cloud.launch([...all, group("general", "a")]);
    await waitForEtcd(cloud, bootstrapSeconds);
    await waitForNodes(cloud, bootstrapSeconds);
    for (const instance of cloud.instances) {
      await waitForBoot(cloud, instance, /^ready/, replacedSeconds);
      const machine = cloud.machine(instance);
      const ssh = await machine.exec(["pgrep", "-x", "sshd"], { mayFail: true });
      assert.equal(ssh.exitCode, 1, `${instance.name} runs sshd`);
      const status = await machine.exec(["cloud-init", "status", "--wait"], { mayFail: true });
      assert.match(status.stdout, /status: done/, instance.name);
    }
    assert.deepEqual((await nodes(cloud)).map(({ zone }) => zone).sort(), [
      "eu-west-1a",
      "eu-west-1a",
      "eu-west-1b",
      "eu-west-1c",
    ]);
    await cloud.kubectl(["create", "configmap", configMap, "--from-literal=kept=yes"]);
  });

  it("has user data that cloud-init's own schema finds right", async () => {
    const machine = cloud.machine(member("a"));
    const check = "cat >/run/user-data && cloud-init schema --config-file /run/user-data";
    for (const { userData, name: of } of cloud.plan.groups) {
      const input = gunzipSync(Buffer.from(userData, "base64"));
      const checked = await machine.exec(["sh", "-c", check], { input, mayFail: true });
      assert.equal(checked.exitCode, 0, `${of}: ${checked.stdout}${checked.stderr}`);
    }
  });

  it("says in SSM how each machine is, under the name of its place", async () => {
    for (const instance of cloud.instances) {
      const { role, zone } = instance.group;
      const place = role === "worker" ? `general/${zone}` : zone;
      const state = await cloud.parameter(`/k8s/${name}/state/${role}/${place}`);
      assert.match(state ?? "", new RegExp(`^ready \\S+Z ${instance.id} `), instance.name);
    }
  });

  it("calls nothing of AWS that the policies of its roles do not allow", async () => {
    assert.deepEqual(await cloud.control.denied(), []);
  });

  it("has a cloud that keeps no mounts of its own: other labs' disks would live on in them", () => {
    const stays = cloud.lab.record.of("process").filter(({ machine }) => machine === "cloud");
    assert.ok(stays.length > 0);
    for (const { identity } of stays)
      assert.equal(readlinkSync(`/proc/${identity.pid}/ns/mnt`), readlinkSync("/proc/self/ns/mnt"));
  });

  it("takes back an etcd member whose machine is replaced, with its disk", async () => {
    const before = await etcdMembers(cloud);
    await cloud.replace([member("a")]);
    await waitForBoot(cloud, member("a"), /^ready/, replacedSeconds);
    assert.deepEqual(
      (await waitForEtcd(cloud, replacedSeconds)).toSorted(byName),
      before.toSorted(byName),
    );
  });

  it("takes back an etcd member whose disk is lost, as another member of the same name", async () => {
    const before = await etcdMembers(cloud);
    const lost = member("b");
    await cloud.terminate([lost]);
    await cloud.replaceVolume(volumeOf("b"));
    await cloud.launch([lost.group.name]);
    await waitForBoot(cloud, member("b"), /^ready/, replacedSeconds);
    const after = await waitForEtcd(cloud, replacedSeconds);
    const id = (members: typeof before) =>
      members.find((one) => one.name === "etcd-eu-west-1b")?.id;
    assert.notEqual(id(after), id(before));
  });

  whole(
    "has no quorum without two etcd machines, and the same members when both are back with their disks",
    async () => {
      const before = await etcdMembers(cloud);
      const lost = [member("a"), member("b")];
      await cloud.terminate(lost);
      const written = await etcdctl(cloud.machine(member("c")), ["put", "without-quorum", "yes"]);
      assert.notEqual(written.exitCode, 0, "one member of three took a write");
      await cloud.launch(lost.map((one) => one.group.name));
      assert.deepEqual(
        (await waitForEtcd(cloud, replacedSeconds)).toSorted(byName),
        before.toSorted(byName),
      );
      for (const zone of ["a", "b"])
        await waitForBoot(cloud, member(zone), /^ready/, replacedSeconds);
      await waitForNodes(cloud, replacedSeconds);
      assert.equal(await keptValue(), "yes");
    },
  );

  it("leaves a wrong volume alone and waits for a late one", async () => {
    const right = (await cloud.parameter(volumeOf("c"))) ?? "";
    const wrong = await cloud.replaceVolume(volumeOf("c"));
    const image = cloud.volumeFile(wrong);
    await run("mkfs.ext4", ["-q", "-F", image]);
    // What a new file system would write over; the rest is a hole.
    const digest = async () =>
      (await run("sh", ["-c", 'head -c 64M "$1" | sha256sum', "sh", image])).stdout;
    const untouched = await digest();
    await cloud.replace([member("c")]);
    await waitForBoot(
      cloud,
      member("c"),
      /^waiting: volume: .* is not this member's/,
      replacedSeconds,
    );
    assert.equal(await digest(), untouched, "the wrong volume is as it was");

    cloud.holdDevices = true;
    await cloud.putParameter(volumeOf("c"), right);
    await waitForBoot(cloud, member("c"), /^waiting: volume: .* is not there yet/, replacedSeconds);
    cloud.holdDevices = false;
    await waitForBoot(cloud, member("c"), /^ready/, replacedSeconds);
    await waitForEtcd(cloud, replacedSeconds);
  });

  it("joins a worker after its first token is three rotations old, SSM failing meanwhile", async () => {
    const token = `/k8s/${name}/worker/bootstrap-token`;
    const first = await cloud.parameter(token);
    const [rotating] = cloud.ofRole("control-plane");
    assert.ok(rotating);
    for (let rotation = 1; rotation <= 3; rotation += 1) {
      const rotate =
        "quorum-with-lock --ttl 30 bootstrap/token /usr/local/lib/quorum/rotateToken.sh --now";
      await cloud
        .machine(rotating)
        .exec(["sh", "-c", `${rotate} && /usr/local/lib/quorum/publishToken.sh`]);
    }
    const expired = first?.split(".")[0];
    await cloud.kubectl(["-n", "kube-system", "delete", "secret", `bootstrap-token-${expired}`]);
    assert.notEqual(await cloud.parameter(token), first);

    await cloud.control.setFailing({ ssm: "throttle" });
    await cloud.launch([group("general", "b")]);
    await waitForBoot(cloud, worker(), /^waiting: secrets: .*ThrottlingException/, replacedSeconds);
    await cloud.control.setFailing({ ssm: "refuse" });
    await waitForBoot(cloud, worker(), /^waiting: secrets: .*status 503/, replacedSeconds);
    if (everyStep) {
      await cloud.control.setFailing({ ssm: "hang" });
      await waitForBoot(cloud, worker(), /^waiting: secrets: .*timed out/, replacedSeconds);
    }
    await cloud.kubectl(["get", "--raw", "/readyz"]);
    await cloud.control.setFailing({});
    await waitForNodes(cloud, replacedSeconds);
  });

  whole(
    "passes a roll's health gate, and lets it drain a worker as disruption budgets allow",
    async () => {
      const rolling = new RollingCloud(cloud, hybridDesign(name));
      const groups = await rolling.world(0).groups();
      const { findings, leader } = await rolling.world(0).health(groups);
      assert.deepEqual(findings, []);
      assert.match(leader ?? "", /-etcd-eu-west-1[abc]$/);

      const pod = (field: string) =>
        cloud.kubectl([
          "get",
          "pods",
          "-l",
          `app=${guarded}`,
          `--output=jsonpath={.items[*]${field}}`,
        ]);
      await cloud.kubectl(["create", "deployment", guarded, `--image=${echoImage}`]);
      const budget = ["poddisruptionbudget", guarded];
      const limits = [`--selector=app=${guarded}`, "--min-available=1"];
      await cloud.kubectl(["create", ...budget, ...limits]);
      await waitFor(cloud, `${guarded} runs`, replacedSeconds, async () => {
        return (await pod(".status.containerStatuses[0].ready")) === "true";
      });
      const node = await pod(".spec.nodeName");
      const isCordoned = () =>
        cloud.kubectl(["get", "node", node, "--output=jsonpath={.spec.unschedulable}"]);
      await assert.rejects(
        rolling.world(3).drain(node, groups),
        /not drained within 3 s, it takes pods again: .*disruption budget/,
      );
      assert.equal(await isCordoned(), "");
      await cloud.kubectl(["delete", ...budget]);
      await rolling.world(drainSeconds).drain(node, groups);
      assert.equal(await isCordoned(), "true");
      assert.doesNotMatch(await pod(".spec.nodeName"), new RegExp(node));
      await cloud.kubectl(["uncordon", node]);
      await cloud.kubectl(["delete", "deployment", guarded]);
    },
  );

  it("replaces all three control planes at once: etcd has the state, the first initialises again", async () => {
    const before = cloud.ofRole("control-plane");
    await cloud.replace(before);
    await waitForNodes(cloud, bootstrapSeconds);
    assert.equal(await keptValue(), "yes");
    await waitFor(cloud, "the balancer has three healthy targets", replacedSeconds, async () => {
      const targets = Object.values(await cloud.control.targets());
      return targets.length === 3 && targets.every((healthy) => healthy);
    });
  });

  whole(
    "rolls etcd's leader, a control plane and a worker, one at a time, each leaving in order",
    async () => {
      const rolling = new RollingCloud(cloud, hybridDesign(name));
      const world = rolling.world(drainSeconds);
      const { leader } = await world.health(await world.groups());
      const [first] = cloud.ofRole("control-plane");
      const old = [cloud.ofRole("etcd").find((one) => one.group.name === leader), first, worker()];
      const ids = old.map((one) => one?.id ?? "none");
      for (const id of ids) rolling.outdated.add(id);
      const said: string[] = [];
      const options = {
        world,
        roles: ec2Roles,
        dryRun: false,
        clock: { now: () => Date.now() / 1000, sleep: (seconds: number) => sleep(seconds * 1000) },
        machineSeconds: bootstrapSeconds,
        pollSeconds: 1,
        say: (line: string) => said.push(line),
      };
      const { replaced } = await roll(options).catch((error: Error) => {
        throw new Error([error.message, ...said, ...rolling.problems].join("\n"));
      });
      assert.deepEqual(rolling.problems, []);
      assert.deepEqual(replaced, ids);
      assert.equal(
        cloud.instances.some(({ id }) => ids.includes(id)),
        false,
      );
      await waitForNodes(cloud, replacedSeconds);
    },
  );

  for (const role of ["worker", "control-plane", "etcd"] as const) {
    whole(`boots a ${role} whose power is cut at every step`, async () => {
      const [old] = cloud.ofRole(role).slice(-1);
      assert.ok(old);
      const [instance] = await cloud.replace([old]);
      assert.ok(instance);
      for (const [what, file] of moments[role]) {
        await waitFor(cloud, `${instance.name} reaches: ${what}`, replacedSeconds, () =>
          hasWritten(cloud, instance, file),
        );
        await cloud.powerOff(instance);
        await cloud.powerOn(instance);
      }
      if (role === "etcd") await waitForEtcd(cloud, replacedSeconds);
      await waitForNodes(cloud, bootstrapSeconds);
      await waitForBoot(cloud, instance, /^ready/, replacedSeconds);
      assert.match(bootState(cloud, instance), /^ready/);
      assert.equal(fileOf(cloud, instance, "var/lib/quorum/outcome").endsWith(" ok"), true);
    });
  }
});

function byName(one: { name: string }, other: { name: string }): number {
  return one.name < other.name ? -1 : 1;
}
