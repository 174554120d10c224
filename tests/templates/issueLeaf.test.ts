import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LeafPlan } from "../../design/pki.ts";
import { leafDescription } from "../../design/render/pki.ts";
import { needs, run } from "../support/tools.ts";

const script = join(import.meta.dirname, "../../templates/pki/issue-leaf.sh");

describe("issue-leaf.sh", () => {
  let folder: string;
  let plan: LeafPlan;
  const path = (name: string) => join(folder, name);

  const openssl = (...args: string[]): string => {
    const { status, output, error } = run("openssl", args);
    assert.equal(status, 0, error);
    return output;
  };
  const makeAuthority = (name: string): void => {
    const key = path(`roots/${name}.key`);
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key);
    const subject = ["-subj", `/CN=${name}`, "-days", "30"];
    openssl("req", "-x509", "-new", "-key", key, ...subject, "-out", path(`roots/${name}.crt`));
  };
  const issue = (...leaves: LeafPlan[]) => {
    const files = leaves.map((leaf) => {
      writeFileSync(path(`${leaf.name}.leaf`), leafDescription(leaf));
      return path(`${leaf.name}.leaf`);
    });
    return run("bash", [script, ...files], {
      env: { QUORUM_ROOTS: path("roots"), QUORUM_STATE: path("state") },
    });
  };
  const certificate = () => openssl("x509", "-in", plan.certificateFile, "-noout", "-text");

  beforeEach(function () {
    needs(this, "openssl");
    folder = mkdtempSync(join(tmpdir(), "quorum-leaf-"));
    mkdirSync(path("roots"));
    makeAuthority("etcd-peer-ca");
    plan = {
      name: "etcd-peer",
      issuer: "etcd-peer-ca",
      certificateFile: path("out/peer.crt"),
      keyFile: path("out/peer.key"),
      owner: String(process.getuid?.()),
      commonName: "etcd-peer:etcd-a",
      dnsNames: ["etcd-a"],
      ipAddresses: ["192.0.2.11"],
      usages: ["serverAuth", "clientAuth"],
      lifetimeHours: 24,
    };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("mints what the plan says, signed by its issuer, with a key for its owner only", () => {
    assert.equal(issue(plan).output, "minted etcd-peer (missing)\n");
    const text = certificate();
    assert.match(text, /Subject: CN = etcd-peer:etcd-a/);
    assert.match(text, /DNS:etcd-a, IP Address:192\.0\.2\.11/);
    assert.match(text, /TLS Web Server Authentication, TLS Web Client Authentication/);
    openssl("verify", "-CAfile", path("roots/etcd-peer-ca.crt"), plan.certificateFile);
    assert.equal(statSync(plan.keyFile).mode & 0o777, 0o600);
  });

  it("leaves a good leaf alone", () => {
    issue(plan);
    const before = certificate();
    const { status, output } = issue(plan);
    assert.deepEqual({ status, output }, { status: 0, output: "" });
    assert.equal(certificate(), before);
  });

  it("renews when less than a third of the life is left, and not before", () => {
    const { issuer, keyFile } = plan;
    issue(plan);
    // The same description over a certificate of 7 hours of 24, then of 9.
    for (const [seconds, expected] of [
      [7 * 3600, "minted etcd-peer (due)\n"],
      [9 * 3600, ""],
    ] as const) {
      const end = new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, "");
      const request = path("csr");
      openssl("req", "-new", "-key", keyFile, "-subj", "/CN=old", "-out", request);
      writeFileSync(path("index.txt"), "");
      writeFileSync(
        path("ca.cnf"),
        `[ca]\ndefault_ca=c\n[c]\ndatabase=${path("index.txt")}\nnew_certs_dir=${folder}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`,
      );
      const root = path(`roots/${issuer}`);
      openssl(
        ...["ca", "-batch", "-notext", "-config", path("ca.cnf"), "-in", request],
        ...["-out", plan.certificateFile, "-cert", `${root}.crt`, "-keyfile", `${root}.key`],
        ...["-startdate", "20260101000000Z", "-enddate", end],
      );
      assert.equal(issue(plan).output, expected);
    }
  });

  it("mints anew when a name, the issuer or the key is another, or the file is damaged", () => {
    issue(plan);
    plan.ipAddresses = ["192.0.2.12"];
    assert.match(issue(plan).output, /description changed/);
    assert.match(certificate(), /192\.0\.2\.12/);
    makeAuthority("etcd-peer-ca");
    assert.match(issue(plan).output, /issuer changed or expired/);
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", plan.keyFile);
    assert.match(issue(plan).output, /key does not match/);
    writeFileSync(plan.certificateFile, "damaged\n");
    assert.match(issue(plan).output, /broken/);
    assert.equal(issue(plan).output, "");
  });

  it("renews the others when one cannot be signed, and fails with its name", () => {
    const orphan = { ...plan, name: "orphan", issuer: "front-proxy-ca" as const };
    orphan.certificateFile = path("out/orphan.crt");
    orphan.keyFile = path("out/orphan.key");
    const { status, error, output } = issue(orphan, plan);
    assert.equal(status, 1);
    assert.match(error, /leaf orphan: front-proxy-ca could not sign/);
    assert.equal(output, "minted etcd-peer (missing)\n");
    assert.ok(!existsSync(orphan.certificateFile));
  });
});
