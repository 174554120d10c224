import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "../../rolling/health.ts";
import { needs, run } from "../support/tools.ts";

const folder = join(import.meta.dirname, "../../templates/roll");

describe("scripts of a roll", () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "quorum-roll-"));
    mkdirSync(join(dir, "etcd"));
    writeFileSync(join(dir, "machine.env"), 'ADDRESS="10.0.0.9"\nAPI_SERVER_PORT="6443"\n');
    writeFileSync(join(dir, "etcd/client.env"), 'ETCDCTL_ENDPOINTS="https://10.0.0.1:2379"\n');
  });
  after(() => rmSync(dir, { recursive: true }));

  const programs = (scripts: Record<string, string>): string => {
    const bin = mkdtempSync(join(dir, "bin-"));
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(join(bin, name), `#!/bin/bash\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    return bin;
  };
  const runs = (script: string, bin: string, env: Record<string, string> = {}) => {
    const text = readFileSync(join(folder, script), "utf8").replaceAll("/etc/quorum", dir);
    return run("bash", ["-c", text], { env: { ...env, PATH: `${bin}:${process.env.PATH}` } });
  };

  it("pass shellcheck", function () {
    needs(this, "shellcheck");
    const { output } = run("sh", ["-c", `cd ${folder} && shellcheck -e SC1091 ./*.sh`]);
    assert.equal(output, "");
  });

  // As etcdctl 3.6.16 wrote it, with its exit status, where one of two members did not answer.
  const etcdctl = `
case "$*" in
  *health*) echo '[{"endpoint":"https://10.0.0.1:2379","health":true,"took":"5ms"},{"endpoint":"https://10.0.0.2:2379","health":false,"took":"2s","error":"context deadline exceeded"}]'; exit 1 ;;
  *status*) echo '[{"Endpoint":"https://10.0.0.1:2379","Status":{"header":{"cluster_id":15875391935852295136,"member_id":7383792418829112008,"revision":1,"raft_term":2},"version":"3.6.16","dbSize":20480,"leader":7383792418829112008,"raftIndex":4,"raftTerm":2,"raftAppliedIndex":4,"dbSizeInUse":16384,"storageVersion":"3.6.0","dbSizeQuota":2147483648,"downgradeInfo":{}}}]'; exit 1 ;;
esac`;
  const members = [1, 2].map((zone) => ({
    name: `etcd-${zone}`,
    address: `10.0.0.${zone}`,
    group: `demo-etcd-${zone}`,
  }));
  const judged = (text: string) =>
    judge([{ machine: "i-0c", group: "demo-cp", text }], members, []);

  it("tell of API server, etcd and nodes what the roll understands", () => {
    const kubectl = `
case "$*" in
  *readyz*) echo ok ;;
  *"get nodes"*) printf 'i-0c True\\nrack-7 False\\n' ;;
esac`;
    const { output } = runs("health.sh", programs({ etcdctl, kubectl }));
    assert.deepEqual(judged(output), {
      findings: [
        {
          about: "etcd-2",
          group: "demo-etcd-2",
          what: "is unhealthy: context deadline exceeded",
        },
        { about: "rack-7", what: "its Node is not ready (False)" },
      ],
      leader: "demo-etcd-1",
    });
  });

  it("leave out what does not answer, which then counts as unhealthy", () => {
    const silent = "echo 'connection refused' >&2; exit 1";
    const { output } = runs("health.sh", programs({ etcdctl: silent, kubectl: silent }));
    const whats = judged(output).findings.map(({ what }) => what);
    assert.deepEqual(whats, [
      "its API server is not ready: connection refused",
      "no control plane reaches it",
      "no control plane tells of them",
    ]);
  });

  const drain = (kubectl: string) =>
    runs("drainNode.sh", programs({ kubectl: `echo "$*" >>"$LOG"\n${kubectl}` }), {
      NODE: "i-0a",
      SECONDS_ALLOWED: "60",
      LOG: join(dir, "log"),
    });

  it("give a node back that could not be drained, and say why", () => {
    const result = drain(`
case "$*" in
  *"get node"*) echo node/i-0a ;;
  *drain*) echo "Cannot evict pod as it would violate the pod's disruption budget."; echo "global timeout"; exit 1 ;;
esac`);
    assert.equal(result.status, 1);
    assert.match(result.error, /not drained within 60 s.*violate the pod's disruption budget/);
    assert.match(readFileSync(join(dir, "log"), "utf8"), /uncordon i-0a/);
  });

  it("do not take an API that does not answer for a node that is gone", () =>
    assert.equal(drain("exit 1").status, 1));

  it("have nothing to drain where there is no such node", () =>
    assert.equal(drain("exit 0").status, 0));
});
