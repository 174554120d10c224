import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const script = path.join(import.meta.dirname, "..", "..", "bin", "install");

describe("installing the packages", function () {
  this.timeout(20_000);
  let root: string;
  let log: string;

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
    log = path.join(root, "npm.log");
    for (const folder of ["bin", "fake"]) mkdirSync(path.join(root, folder));
    copyFileSync(script, path.join(root, "bin", "install"));
    for (const name of ["package.json", "package-lock.json"])
      writeFileSync(path.join(root, name), "{}");
    const npm = path.join(root, "fake", "npm");
    const steps = [
      "#!/bin/sh",
      "set -eu",
      `echo "begin $*" >>${log}`,
      "rm -rf node_modules",
      "sleep 0.3",
      "mkdir node_modules",
      "touch node_modules/.package-lock.json",
      `echo end >>${log}`,
    ];
    writeFileSync(npm, `${steps.join("\n")}\n`);
    chmodSync(npm, 0o755);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const install = () =>
    run(path.join(root, "bin", "install"), {
      env: { ...process.env, PATH: `${path.join(root, "fake")}:${process.env.PATH}` },
    });
  const said = () => readFileSync(log, "utf8").trim().split("\n");

  it("runs once for all that come at the same time, and leaves no lock", async () => {
    await Promise.all([install(), install(), install()]);
    assert.deepEqual(said(), ["begin ci --no-progress --loglevel=error", "end"]);
    await install();
    assert.equal(said().length, 2);
    // The lock would still be in the way.
    rmSync(path.join(root, "node_modules"), { recursive: true });
    await install();
    assert.equal(said().length, 4);
  });

  it("does not wait for a run that was killed, at whatever point", async () => {
    const npm = path.join(root, "fake", "npm");
    const works = readFileSync(npm, "utf8");
    writeFileSync(npm, `#!/bin/sh\necho begin >>${log}\nexec sleep 600\n`);
    const hanging = spawn(path.join(root, "bin", "install"), {
      detached: true,
      stdio: "ignore",
      env: { ...process.env, PATH: `${path.join(root, "fake")}:${process.env.PATH}` },
    });
    while (!existsSync(log)) await setTimeout(20);
    writeFileSync(npm, works);
    const next = install();
    assert.equal(await Promise.race([next.then(() => "done"), setTimeout(300, "waits")]), "waits");
    // Without a chance to tidy up: the script, and npm with it.
    process.kill(-(hanging.pid as number), "SIGKILL");
    await next;
    assert.deepEqual(said().slice(1), ["begin ci --no-progress --loglevel=error", "end"]);
  });

  it("leaves the packages of another checkout alone", async () => {
    const elsewhere = path.join(root, "elsewhere");
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, path.join(root, "node_modules"));
    await install();
    assert.equal(existsSync(log), false);
    assert.equal(existsSync(elsewhere), true);
  });

  it("runs again when the lockfile or the list of packages changed", async () => {
    await install();
    for (const name of ["package.json", "package-lock.json"]) {
      const before = said().length;
      const later = Date.now() / 1000 + 60;
      utimesSync(path.join(root, name), later, later);
      await install();
      assert.equal(said().length, before + 2, name);
      utimesSync(path.join(root, name), 0, 0);
    }
  });
});
