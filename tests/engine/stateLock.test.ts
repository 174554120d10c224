import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { takeLock } from "../../engine/embedded/stateLock.ts";

describe("state lock", () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "quorum-test-"));
    file = path.join(folder, "state.json");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("a second run is refused and told who holds the stack", async () => {
    const lock = await takeLock(file, "quorum up");
    const message = new RegExp(
      `another run holds this stack: \`quorum up\`, process ${process.pid} `,
    );
    await assert.rejects(takeLock(file, "quorum destroy"), message);
    await lock.release();
    await (await takeLock(file, "quorum destroy")).release();
    assert.deepEqual(await readdir(folder), []);
  });

  it("of many that come at once exactly one gets it", async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, () => takeLock(file, "quorum up")),
    );
    assert.equal(attempts.filter(({ status }) => status === "fulfilled").length, 1);
  });

  const holder = (pid: number, startTicks: string) =>
    JSON.stringify({ pid, startTicks, host: hostname(), since: "then", command: "quorum up" });

  it("the lock of a killed run is taken over, by exactly one", async () => {
    const child = spawn("sleep", ["60"]);
    const pid = child.pid ?? 0;
    child.kill("SIGKILL");
    await once(child, "close");
    await writeFile(`${file}.lock.000000000000001-x`, holder(pid, "1"));
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, () => takeLock(file, "quorum up")),
    );
    assert.equal(attempts.filter(({ status }) => status === "fulfilled").length, 1);
  });

  it("a process that merely has the same id does not hold the lock", async () => {
    await writeFile(`${file}.lock.000000000000001-x`, holder(process.pid, "1"));
    await (await takeLock(file, "quorum up")).release();
  });
});
