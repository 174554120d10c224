import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ClusterPki } from "../../components/pki.ts";
import { type Recording, record } from "../support/mocks.ts";

describe("ClusterPki", () => {
  let recording: Recording;
  let secrecy: Record<string, boolean>;

  before(async () => {
    recording = await record(
      async () => {
        const { roots } = new ClusterPki("demo", { clusterName: "demo", protect: true });
        const flags = Object.entries(roots).map(
          async ([name, output]) => [name, await pulumi.isSecret(output)] as const,
        );
        secrecy = Object.fromEntries(await Promise.all(flags));
        return {};
      },
      { stack: "test", preview: false },
    );
  });

  it("gives out every root, and every one of them as a secret", () => {
    assert.equal(Object.keys(secrecy).length, 10);
    for (const [name, secret] of Object.entries(secrecy)) assert.ok(secret, name);
  });

  it("protects every root, and what it is made of, where the stack says so", async () => {
    const protectedNames = (all: Recording) =>
      all.registrations.filter(({ protect }) => protect).map(({ type }) => type);
    assert.equal(protectedNames(recording).length, 5 + 4 + 1, "keys, certificates, encryption key");
    const open = await record(
      async () => {
        new ClusterPki("demo", { clusterName: "demo", protect: false });
        return {};
      },
      { stack: "test", preview: false },
    );
    assert.deepEqual(protectedNames(open), []);
  });

  it("signs each authority with a key of its own, on the P-256 curve", () => {
    const keys = recording.ofType("tls:index/privateKey:PrivateKey");
    assert.equal(keys.length, 5, "four authorities and the service accounts");
    for (const { inputs } of keys) {
      assert.equal(inputs.algorithm, "ECDSA");
      assert.equal(inputs.ecdsaCurve, "P256");
    }
  });

  it("makes authorities that live for ten years and can only sign", () => {
    const certificates = recording.ofType("tls:index/selfSignedCert:SelfSignedCert");
    assert.equal(certificates.length, 4);
    for (const { inputs } of certificates) {
      assert.equal(inputs.isCaCertificate, true);
      assert.equal(inputs.validityPeriodHours, 3650 * 24);
      assert.deepEqual(inputs.allowedUses, ["cert_signing", "crl_signing", "digital_signature"]);
    }
  });

  it("encrypts Secrets with 32 random bytes", () => {
    const [key] = recording.ofType("random:index/randomBytes:RandomBytes");
    assert.equal(key?.inputs.length, 32);
  });
});
