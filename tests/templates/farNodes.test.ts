import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../support/tools.ts";

const templates = join(import.meta.dirname, "../../templates/ec2");

describe("nodes of another place", () => {
  let dir: string;
  const program = (name: string, text: string) => {
    writeFileSync(join(dir, "bin", name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(dir, "bin", name), 0o755);
  };
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "quorum-far-"));
    mkdirSync(join(dir, "bin"));
    writeFileSync(
      join(dir, "far-nodes.env"),
      'FAR_RANGES="192.0.2.0/25 10.99.0.0/16"\nFAR_MTU="1300"\n',
    );
    writeFileSync(join(dir, "boot.env"), 'CLUSTER="demo"\n');
    writeFileSync(join(dir, "machine.env"), 'ADDRESS="10.30.1.5"\n');
    for (const name of ["farNodes.sh", "hostNames.sh", "podRoute.sh"])
      writeFileSync(
        join(dir, name),
        readFileSync(join(templates, name), "utf8")
          .replaceAll("/etc/quorum", dir)
          .replaceAll("/usr/local/lib/quorum", dir),
      );
  });
  after(() => rmSync(dir, { recursive: true }));
  const bash = (script: string, env: Record<string, string> = {}) =>
    run("bash", ["-c", script], { env: { ...env, PATH: `${dir}/bin:${process.env.PATH}` } });

  it("are those in the ranges, to the last address, and nothing that is no address", () => {
    const far = ["192.0.2.0", "192.0.2.127", "10.99.255.255"];
    const near = ["192.0.2.128", "10.100.0.0", "10.30.1.5", "", "999", "fd00::1"];
    const all = [...far, ...near].map((address) => `"${address}"`).join(" ");
    const { output } = bash(
      `. ${dir}/farNodes.sh; for one in ${all}; do if is_far "$one"; then echo "$one"; fi; done`,
    );
    assert.deepEqual(output.trim().split("\n"), far);
  });

  it("are all, where every range is far", () => {
    const everywhere = `. ${dir}/farNodes.sh; FAR_RANGES=0.0.0.0/0; is_far 203.0.113.9`;
    assert.equal(bash(everywhere).status, 0);
  });

  it("are sent smaller packets, and no others are", () => {
    program("ip", 'echo "$*" >>"$LOG"');
    program("bridge", ":");
    const log = join(dir, "ip.log");
    const script = `set -euo pipefail; protocol=186; . ${dir}/podRoute.sh; make_overlay() { :; }; route 10.244.1.0/24 192.0.2.7; route 10.244.2.0/24 10.30.2.9`;
    assert.equal(bash(script, { LOG: log }).status, 0);
    const routes = readFileSync(log, "utf8").match(/^route .*/gm);
    assert.deepEqual(routes, [
      "route replace 10.244.1.0/24 via 10.244.1.0 dev quorum-pods onlink mtu 1300 proto 186",
      "route replace 10.244.2.0/24 via 10.244.2.0 dev quorum-pods onlink proto 186",
    ]);
  });

  const namesOf = (node: string, address: string) => {
    program("kubectl", `[[ $* == *"get node ${node} "* ]] && printf %s "${address}"`);
    program("quorum-cloud", 'echo "DNS:$2"');
    return bash(`bash ${dir}/hostNames.sh ${node}`);
  };

  it("may have their name and their address in a serving certificate", () =>
    assert.equal(namesOf("branch-1", "192.0.2.7").output, "DNS:branch-1\nIP Address:192.0.2.7\n"));

  it("may not claim an address of the cluster's own network", () => {
    const { status, output } = namesOf("branch-1", "10.30.1.5");
    assert.notEqual(status, 0);
    assert.equal(output, "");
  });

  it("leave machines of the cloud to the cloud's word", () => {
    assert.equal(namesOf("i-0a1", "192.0.2.7").output, "DNS:i-0a1\n");
    assert.notEqual(namesOf("i-x", "192.0.2.7").status, 0);
  });
});
