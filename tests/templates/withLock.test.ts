import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../support/tools.ts";

const script = join(import.meta.dirname, "../../templates/etcd/with-lock.sh");

describe("quorum-with-lock", () => {
  let folder: string;
  const path = (name: string) => join(folder, name);

  // Stands for etcd: holds the lock as long as the file is there.
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-lock-"));
    mkdirSync(path("bin"));
    writeFileSync(path("client.env"), 'ETCDCTL_ENDPOINTS="x"\n');
    writeFileSync(
      path("bin/etcdctl"),
      `#!/bin/bash
if [ "$1" = lock ]; then
  [ ! -e ${folder}/taken ] || exit 1
  while [ "$1" != -- ]; do shift; done
  shift
  export ETCD_LOCK_KEY=quorum/lock/key/7c0ffee
  "$@"
  exit
fi
if [ "$2" = lease ]; then
  echo "$3 $4" >>${folder}/leases
  exit
fi
cat ${folder}/held 2>/dev/null || true
`,
    );
    chmodSync(path("bin/etcdctl"), 0o755);
  });
  beforeEach(() => {
    writeFileSync(path("held"), "held\n");
    writeFileSync(path("leases"), "");
  });
  after(() => rmSync(folder, { recursive: true }));

  const withLock = (...args: string[]) =>
    run("bash", [script, ...args], {
      env: {
        PATH: `${path("bin")}:${process.env.PATH}`,
        QUORUM_ETCD_CLIENT_ENV: path("client.env"),
        QUORUM_LOCK_RECORDS: path("records"),
      },
    });

  it("runs the command and passes its output and its exit status on", () => {
    const { status, output } = withLock("a", "bash", "-c", "echo 'one two'; exit 7");
    assert.deepEqual({ status, output }, { status: 7, output: "one two\n" });
  });

  it("can be nested with another key", () => {
    const inner = ["bash", script, "b", "echo", "inside"];
    assert.deepEqual(withLock("a", ...inner).output, "inside\n");
  });

  it("ends the command and its children when the lock is lost, and says so", () => {
    const command = `rm ${folder}/held; sleep 300 & sleep 300`;
    const { status, error } = withLock("--ttl", "6", "a", "bash", "-c", command);
    assert.equal(status, 75);
    assert.match(error, /the lock a is lost: ending the command/);
    const left = run("pgrep", ["-f", `${folder}/held; sleep`]);
    assert.equal(left.output, "");
  });

  it("ends the lease of a holder that died here, and only that", () => {
    const leases = () => readFileSync(path("leases"), "utf8");
    // As a power cut ends everything: etcdctl, the holder with its watcher, and the command.
    const die = `pkill -KILL -f "${script}.* a/b "`;
    assert.notEqual(withLock("a/b", "bash", "-c", die).status, 0);
    assert.equal(withLock("a", "true").status, 0);
    assert.equal(leases(), "");
    const beside = `touch ${folder}/taken; bash ${script} a/b true; rm ${folder}/taken`;
    assert.equal(withLock("a/b", "bash", "-c", beside).status, 0);
    assert.equal(leases(), "revoke 7c0ffee\n");
    assert.equal(withLock("a/b", "true").status, 0);
    assert.equal(leases(), "revoke 7c0ffee\n");
  });

  it("refuses to run without a command", () => {
    assert.equal(withLock("a").status, 64);
  });
});
