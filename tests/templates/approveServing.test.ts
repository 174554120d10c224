import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs, run } from "../support/tools.ts";

const script = join(import.meta.dirname, "../../templates/workers/approveServing.sh");
const servingUsages = '["digital signature","server auth"]';

interface Asked {
  user: string;
  groups: string;
  usages: string;
  subject: string;
  names: string;
}

const worker: Asked = {
  user: "system:node:worker-a",
  groups: '["system:nodes","system:authenticated"]',
  usages: servingUsages,
  subject: "/O=system:nodes/CN=system:node:worker-a",
  names: "DNS:worker-a,IP:192.0.2.41",
};

describe("the rule for serving certificates", () => {
  let root: string;
  const path = (name: string) => join(root, name);
  const openssl = (...args: string[]) => {
    const done = run("openssl", args);
    assert.equal(done.status, 0, done.error);
    return done.output;
  };

  before(function () {
    needs(this, "openssl");
    root = mkdtempSync(join(tmpdir(), "quorum-approve-"));
    for (const ca of ["ca", "other-ca"]) {
      openssl(..."ecparam -name prime256v1 -genkey -noout -out".split(" "), path(`${ca}.key`));
      openssl(
        "req",
        "-x509",
        "-new",
        "-key",
        path(`${ca}.key`),
        "-subj",
        `/CN=${ca}`,
        "-out",
        path(`${ca}.crt`),
      );
    }
    openssl(..."ecparam -name prime256v1 -genkey -noout -out".split(" "), path("host.key"));
    writeFileSync(
      path("kubectl"),
      `#!/bin/bash
case "$*" in
  *--watch-only*) exit 0 ;;
  *"get csr"*) cat ${path("requests")} ;;
  *"get nodes"*) cat ${path("nodes")} ;;
  *approve*) echo "\${@##*approve}" >>${path("approved")} ;;
esac\n`,
    );
    chmodSync(path("kubectl"), 0o755);
    // Whoever asks again later is not waited for here.
    writeFileSync(path("sleep"), "#!/bin/sh\n");
    chmodSync(path("sleep"), 0o755);
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  function hostCertificate(ca: string, subject: string, names: string): string {
    openssl("req", "-new", "-key", path("host.key"), "-subj", subject, "-out", path("host.csr"));
    writeFileSync(path("ext"), `subjectAltName=${names}\n`);
    openssl(
      ...[
        "x509",
        "-req",
        "-in",
        path("host.csr"),
        "-CA",
        path(`${ca}.crt`),
        "-CAkey",
        path(`${ca}.key`),
      ],
      ...["-CAcreateserial", "-extfile", path("ext"), "-out", path("host.crt")],
    );
    return readFileSync(path("host.crt")).toString("base64");
  }

  const planned = () =>
    hostCertificate("ca", "/O=quorum:hosts/CN=quorum:host:worker-a", "DNS:worker-a,IP:192.0.2.41");

  function isApproved(asked: Asked, certificate: string): boolean {
    openssl(
      ...["req", "-new", "-key", path("host.key"), "-subj", asked.subject, "-out", path("csr")],
      ...["-addext", `subjectAltName=${asked.names}`],
    );
    const request = readFileSync(path("csr")).toString("base64");
    const fields = ["csr-1", asked.user, asked.groups, asked.usages, request, ""];
    writeFileSync(path("requests"), `${fields.join("\t")}\n`);
    writeFileSync(path("nodes"), `worker-a ${certificate}\n`);
    writeFileSync(path("approved"), "");
    const done = run("bash", [script], {
      env: { PATH: `${root}:${process.env.PATH}`, QUORUM_AUTHORITY: path("ca.crt") },
    });
    assert.equal(done.status, 0, done.error);
    return readFileSync(path("approved"), "utf8").includes("csr-1");
  }

  it("approves the name and the address that the plan gives the host", () => {
    assert.equal(isApproved(worker, planned()), true);
  });

  for (const [what, change] of Object.entries<Partial<Asked>>({
    "another address": { names: "DNS:worker-a,IP:192.0.2.21" },
    "one address more": { names: "DNS:worker-a,IP:192.0.2.41,IP:192.0.2.21" },
    "another name": { names: "DNS:api.demo.internal,IP:192.0.2.41" },
    "a client's certificate": { usages: '["digital signature","client auth"]' },
    "another node's subject": { subject: "/O=system:nodes/CN=system:node:control-a" },
    "a request by someone who is no node": { user: "mallory" },
    "a user outside the group of nodes": { groups: '["system:authenticated"]' },
  })) {
    it(`does not approve ${what}`, () => {
      assert.equal(isApproved({ ...worker, ...change }, planned()), false);
    });
  }

  it("believes no host certificate of another authority, another host or none", function () {
    // Each is asked for six times: a certificate may come later.
    this.timeout(120_000);
    const names = "DNS:worker-a,IP:192.0.2.41";
    const foreign = hostCertificate("other-ca", "/O=quorum:hosts/CN=quorum:host:worker-a", names);
    assert.equal(isApproved(worker, foreign), false);
    const others = hostCertificate("ca", "/O=quorum:hosts/CN=quorum:host:worker-b", names);
    assert.equal(isApproved(worker, others), false);
    const kubelets = hostCertificate("ca", "/O=system:nodes/CN=quorum:host:worker-a", names);
    assert.equal(isApproved(worker, kubelets), false);
    assert.equal(isApproved(worker, ""), false);
  });
});
