import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

const root = path.join(import.meta.dirname, "..", "..");

/** Speaks the measuring client's protocol: a steady load, and a mark for each that it is given. */
const client = `#!/bin/sh
for second in 1 2 3 4 5; do echo '{"answered":100,"seconds":1,"written":50}'; done
while read -r word name; do
  [ "$word" = stop ] && exit 0
  echo "{\\"mark\\":\\"$name\\"}"
done
`;

/** A run of a fault that is a file, in a lab without machines. */
const program = (folder: string) => `
import { rmSync, writeFileSync } from "node:fs";
import { runFault } from "${root}/lab/faults/runFault.ts";
const file = "${folder}/fault";
const cluster = {
  lab: { names: [], spec: { name: "none" } }, image: undefined, prober: "${folder}/client",
  historyDir: "${folder}", target: () => ({ kubeconfig: "none" }), problems: async () => [],
};
const fault = {
  name: "a-file", kind: "nothing", during: "answers", proofSeconds: 5, holdSeconds: 600,
  recoverSeconds: 5, inject: async () => {
    writeFileSync(file, "");
    return { target: "nobody", proof: () => "it is there", heal: () => rmSync(file) };
  },
};
const result = await runFault(cluster, fault, { seed: 1 });
console.log(JSON.stringify(result));
await new Promise((resolve) => setTimeout(resolve, 5000));
`;

describe("a fault run that is interrupted", function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
    writeFileSync(path.join(folder, "client"), client);
    chmodSync(path.join(folder, "client"), 0o755);
    writeFileSync(path.join(folder, "run.ts"), program(folder));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [name, signal] of [
    ["Ctrl-C", "SIGINT"],
    ["SIGTERM", "SIGTERM"],
  ] as const)
    it(`undoes the fault on ${name} and then ends as it was told`, async () => {
      const run = spawn(process.execPath, [path.join(folder, "run.ts")], { stdio: "pipe" });
      const closed = once(run, "close");
      const fault = path.join(folder, "fault");
      while (!existsSync(fault)) {
        assert.equal(run.exitCode, null, `${run.stderr.read()}`);
        await setTimeout(20);
      }
      run.kill(signal);
      const [, ended] = await closed;
      assert.equal(ended, signal);
      assert.equal(existsSync(fault), false, "the fault is still in place");
    });

  it("undoes the fault when the client was ended by the same Ctrl-C", async () => {
    const run = spawn(process.execPath, [path.join(folder, "run.ts")], {
      stdio: "ignore",
      detached: true,
    });
    const closed = once(run, "close");
    const fault = path.join(folder, "fault");
    while (!existsSync(fault)) await setTimeout(20);
    process.kill(-(run.pid as number), "SIGINT");
    await closed;
    assert.equal(existsSync(fault), false, "the fault is still in place");
  });

  it("leaves the signal to whoever else listens, and calls the run void", async () => {
    const file = path.join(folder, "run.ts");
    writeFileSync(file, `process.on("SIGTERM", () => {});${readFileSync(file, "utf8")}`);
    const run = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
    const fault = path.join(folder, "fault");
    while (!existsSync(fault)) await setTimeout(20);
    run.kill("SIGTERM");
    const [line] = (await once(run.stdout, "data")) as [Buffer];
    run.kill("SIGKILL");
    const { verdict, reasons } = JSON.parse(line.toString());
    assert.deepEqual(
      { verdict, reasons },
      { verdict: "void", reasons: ["interrupted by SIGTERM"] },
    );
    assert.equal(existsSync(fault), false);
  });
});
