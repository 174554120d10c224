import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cached, isCached } from "../../lab/cache.ts";
import { readHierarchies, usesVersion1 } from "../../lab/cgroups.ts";
import { mountsUnder } from "../../lab/mounts.ts";
import { identify, inParallel, isAlive, run, signalProcess } from "../../lab/process.ts";
import { LabRecord, type Resource } from "../../lab/record.ts";

describe("bookkeeping of a lab", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "quorum-test-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  describe("record of a lab", () => {
    const bridge: Resource = { kind: "bridge", name: "qb-x" };
    const mount: Resource = { kind: "mount", machine: "a", path: "/x" };

    it("remembers what was added, once, over a restart", () => {
      new LabRecord(dir).add(bridge);
      new LabRecord(dir).add(mount);
      new LabRecord(dir).add(bridge);
      assert.deepEqual(new LabRecord(dir).all(), [bridge, mount]);
      assert.deepEqual(new LabRecord(dir).of("mount"), [mount]);
    });

    it("is empty where no lab was made", () => {
      assert.deepEqual(new LabRecord(join(dir, "absent")).all(), []);
    });

    it("survives a last line that a crash cut short", () => {
      const record = new LabRecord(dir);
      record.add(bridge);
      appendFileSync(record.file, '{"kind":"mou');
      assert.deepEqual(record.all(), [bridge]);
      record.add(mount);
      assert.deepEqual(record.all(), [bridge, mount], "what comes after it is not lost with it");
    });
  });

  describe("process identity", () => {
    it("holds while the process runs, and for no later process of that number", async () => {
      const child = spawn("sleep", ["60"], { stdio: "ignore" });
      const identity = identify(child.pid ?? 0);
      assert.ok(identity !== undefined);
      assert.equal(isAlive(identity), true);
      const other = { ...identity, startTicks: identity.startTicks + 1 };
      assert.equal(isAlive(other), false);
      assert.equal(signalProcess(other, "SIGKILL"), false);
      assert.equal(isAlive(identity), true);
      assert.equal(signalProcess(identity, "SIGKILL"), true);
      await once(child, "exit");
      assert.equal(isAlive(identity), false);
    });
  });

  describe("running commands", () => {
    it("tells a failed command's last words, and nothing of its arguments beyond the first", async () => {
      const failing = run("sh", ["-c", "echo why >&2; exit 3"]);
      await assert.rejects(failing, /exit 3\):\nwhy/);
      const result = await run("sh", ["-c", "exit 3"], { mayFail: true });
      assert.equal(result.exitCode, 3);
    });

    it("hands over standard input and reports lines as they come", async () => {
      const lines: string[] = [];
      await run("cat", [], { input: "one\ntwo\n", onLine: (line) => lines.push(line) });
      assert.deepEqual(lines, ["one", "two"]);
    });

    it("tries every item of a parallel step before it reports what failed", async () => {
      const done: number[] = [];
      const work = async (item: number) => {
        if (item % 2 === 0) throw new Error(`no ${item}`);
        done.push(item);
      };
      await assert.rejects(inParallel([1, 2, 3, 4, 5], 2, work), /no 2\nno 4/);
      assert.deepEqual(done, [1, 3, 5]);
    });
  });

  describe("cache", () => {
    const before = process.env.QUORUM_CACHE_DIR;
    beforeEach(() => {
      process.env.QUORUM_CACHE_DIR = dir;
    });
    afterEach(() => {
      if (before === undefined) delete process.env.QUORUM_CACHE_DIR;
      else process.env.QUORUM_CACHE_DIR = before;
    });

    it("makes a folder once, also for two that want it at the same time", async () => {
      let made = 0;
      const make = async (target: string) => {
        made += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
        writeFileSync(join(target, "file"), "x");
      };
      const [one, two] = await Promise.all([cached("k", "v", make), cached("k", "v", make)]);
      assert.equal(one, two);
      assert.equal(made, 1);
      assert.deepEqual(readdirSync(one), ["file"]);
    });

    it("shows nothing of a folder whose making failed, and makes it again", async () => {
      const failing = async (target: string) => {
        writeFileSync(join(target, "half"), "x");
        throw new Error("no space");
      };
      await assert.rejects(cached("k", "v", failing), /no space/);
      assert.equal(isCached("k", "v"), false);
      const made = await cached("k", "v", async () => undefined);
      assert.deepEqual(readdirSync(made), []);
      assert.deepEqual(readdirSync(join(dir, "k")), ["v"]);
    });

    it("takes over from a maker that was killed", async () => {
      mkdirSync(join(dir, "k", "v.unfinished-1234"), { recursive: true });
      const dead = JSON.stringify({ pid: process.pid, startTicks: 1 });
      writeFileSync(join(dir, "k", "v.lock"), dead);
      await cached("k", "v", async () => undefined);
      assert.deepEqual(readdirSync(join(dir, "k")), ["v"]);
    });
  });

  describe("reading what is mounted", () => {
    const line = (point: string, type: string, options: string) =>
      `30 23 0:26 / ${point} rw,relatime - ${type} none ${options}`;

    it("tells cgroup v1 controllers from the unified hierarchy", () => {
      const hybrid = [
        line("/", "ext4", "rw"),
        line("/sys/fs/cgroup/memory", "cgroup", "rw,memory"),
        line("/sys/fs/cgroup/systemd", "cgroup", "rw,xattr,name=systemd"),
        line("/sys/fs/cgroup/unified", "cgroup2", "rw"),
      ].join("\n");
      const found = readHierarchies(hybrid);
      assert.deepEqual(
        found.map(({ mountPoint, version }) => [mountPoint, version]),
        [
          ["/sys/fs/cgroup/memory", 1],
          ["/sys/fs/cgroup/systemd", 1],
          ["/sys/fs/cgroup/unified", 2],
        ],
      );
      assert.equal(usesVersion1(found), true);
      assert.equal(usesVersion1(readHierarchies(line("/sys/fs/cgroup", "cgroup2", "rw"))), false);
    });

    it("lists mounts under a folder, innermost first, and no neighbour's", () => {
      const mounted = ["/lab", "/lab/a", "/lab/a/with\\040space", "/labour"];
      const text = mounted.map((point) => line(point, "tmpfs", "rw")).join("\n");
      assert.deepEqual(mountsUnder("/lab", text), ["/lab/a/with space", "/lab/a", "/lab"]);
    });
  });
});
