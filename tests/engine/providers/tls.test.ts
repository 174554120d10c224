import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { providerFor } from "../../../engine/embedded/providers/index.ts";
import { type Inputs, type Outputs, Unknown } from "../../../engine/embedded/value.ts";
import { operationOn } from "./operation.ts";

const privateKeyType = "tls:index/privateKey:PrivateKey";
const selfSignedType = "tls:index/selfSignedCert:SelfSignedCert";
const requestType = "tls:index/certRequest:CertRequest";
const locallySignedType = "tls:index/locallySignedCert:LocallySignedCert";

const provider = providerFor(privateKeyType);
assert.ok(provider);

async function make(type: string, inputs: Inputs): Promise<{ id: string; outputs: Outputs }> {
  assert.ok(provider);
  const operation = operationOn(type);
  return provider.create(type, await provider.check(type, inputs, undefined, operation), operation);
}

async function makeKey(inputs: Inputs): Promise<Record<string, string>> {
  return (await make(privateKeyType, inputs)).outputs as Record<string, string>;
}

describe("tls kinds", function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-tls-"));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  function file(name: string, content: unknown, mode = 0o600): string {
    const path = join(folder, name);
    writeFileSync(path, String(content), { mode });
    return path;
  }

  function openssl(...args: string[]): string {
    return execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  describe("PrivateKey", () => {
    const cases: [string, Inputs, string, RegExp][] = [
      ["RSA", { algorithm: "RSA" }, "RSA PRIVATE KEY", /^ssh-rsa /],
      [
        "P256",
        { algorithm: "ECDSA", ecdsaCurve: "P256" },
        "EC PRIVATE KEY",
        /^ecdsa-sha2-nistp256 /,
      ],
      [
        "P384",
        { algorithm: "ECDSA", ecdsaCurve: "P384" },
        "EC PRIVATE KEY",
        /^ecdsa-sha2-nistp384 /,
      ],
      [
        "P521",
        { algorithm: "ECDSA", ecdsaCurve: "P521" },
        "EC PRIVATE KEY",
        /^ecdsa-sha2-nistp521 /,
      ],
      ["ED25519", { algorithm: "ED25519" }, "PRIVATE KEY", /^ssh-ed25519 /],
    ];
    for (const [name, inputs, label, sshType] of cases) {
      it(`makes an ${name} key that openssl and ssh-keygen read alike`, async () => {
        const key = await makeKey(inputs);
        assert.ok(key.privateKeyPem?.startsWith(`-----BEGIN ${label}-----\n`));
        assert.ok(key.privateKeyPemPkcs8?.startsWith("-----BEGIN PRIVATE KEY-----\n"));
        assert.match(key.publicKeyOpenssh ?? "", sshType);
        const fromPem = openssl("pkey", "-in", file(`${name}.pem`, key.privateKeyPem), "-pubout");
        assert.equal(fromPem, key.publicKeyPem);
        const sshFile = file(`${name}.ssh`, key.privateKeyOpenssh);
        const derived = execFileSync("ssh-keygen", ["-y", "-f", sshFile], { encoding: "utf8" });
        assert.equal(derived.trim(), key.publicKeyOpenssh?.trim());
        const publicFile = file(`${name}.pub`, key.publicKeyOpenssh);
        const print = (hash: string) =>
          execFileSync("ssh-keygen", ["-l", "-E", hash, "-f", publicFile], { encoding: "utf8" });
        assert.ok(print("sha256").includes(` ${key.publicKeyFingerprintSha256} `));
        assert.ok(print("md5").includes(` MD5:${key.publicKeyFingerprintMd5} `));
      });
    }

    it("makes a P224 key by default for ECDSA, without SSH forms", async () => {
      const key = await makeKey({ algorithm: "ECDSA" });
      assert.equal(key.ecdsaCurve, "P224");
      assert.equal(key.privateKeyOpenssh, "");
      assert.equal(key.publicKeyOpenssh, "");
      openssl("pkey", "-in", file("p224.pem", key.privateKeyPem), "-noout");
    });

    it("has the SHA-1 of its public key as id and keeps asked-for inputs apart from defaults", async () => {
      const { id, outputs } = await make(privateKeyType, { algorithm: "RSA", rsaBits: 3072 });
      const der = createPublicKey(String(outputs.publicKeyPem)).export({
        format: "der",
        type: "spki",
      });
      assert.equal(
        id,
        createHash("sha1").update(der.toString("latin1").trim(), "latin1").digest("hex"),
      );
      assert.equal(outputs.rsaBits, 3072);
      assert.equal(
        createPrivateKey(String(outputs.privateKeyPem)).asymmetricKeyDetails?.modulusLength,
        3072,
      );
    });

    it("names its secret outputs", () => {
      assert.deepEqual(provider.secretOutputs(privateKeyType), [
        "privateKeyOpenssh",
        "privateKeyPem",
        "privateKeyPemPkcs8",
      ]);
    });
  });

  describe("certificates", () => {
    const algorithms: [string, Inputs][] = [
      ["RSA", { algorithm: "RSA" }],
      ["P256", { algorithm: "ECDSA", ecdsaCurve: "P256" }],
      ["P384", { algorithm: "ECDSA", ecdsaCurve: "P384" }],
      ["P521", { algorithm: "ECDSA", ecdsaCurve: "P521" }],
      ["ED25519", { algorithm: "ED25519" }],
    ];

    async function authority(inputs: Inputs, further: Inputs = {}) {
      const key = await makeKey(inputs);
      const { outputs } = await make(selfSignedType, {
        privateKeyPem: key.privateKeyPem ?? "",
        subject: { commonName: "root", organization: "Quorum" },
        isCaCertificate: true,
        validityPeriodHours: 24,
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
        ...further,
      });
      return { key: String(key.privateKeyPem), certificate: String(outputs.certPem), outputs };
    }

    for (const [name, algorithm] of algorithms) {
      it(`${name}: root, request and leaf hold together by openssl verify`, async () => {
        const root = await authority(algorithm);
        const leafKey = await makeKey(algorithm);
        const request = await make(requestType, {
          privateKeyPem: leafKey.privateKeyPem ?? "",
          subject: { commonName: "leaf", country: "CH", streetAddresses: ["A 1", "B 2"] },
          dnsNames: ["one.example", "*.two.example"],
          ipAddresses: ["192.0.2.7", "2001:db8::1"],
          uris: ["spiffe://example/leaf"],
        });
        const requestFile = file(`${name}.csr`, request.outputs.certRequestPem);
        assert.match(
          openssl("req", "-in", requestFile, "-verify", "-noout", "-text"),
          /DNS:one\.example/,
        );
        const { id, outputs } = await make(locallySignedType, {
          caCertPem: root.certificate,
          caPrivateKeyPem: root.key,
          certRequestPem: String(request.outputs.certRequestPem),
          validityPeriodHours: 1,
          allowedUses: ["server_auth", "client_auth", "digital_signature"],
          setSubjectKeyId: true,
        });
        const rootFile = file(`${name}-root.crt`, root.certificate);
        const leafFile = file(`${name}-leaf.crt`, outputs.certPem);
        openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", rootFile, leafFile);
        openssl("verify", "-verify_hostname", "x.two.example", "-CAfile", rootFile, leafFile);
        openssl("verify", "-verify_ip", "2001:db8::1", "-CAfile", rootFile, leafFile);
        const text = openssl("x509", "-in", leafFile, "-noout", "-text");
        assert.match(text, /URI:spiffe:\/\/example\/leaf/);
        assert.match(text, /Key Usage: critical\s+Digital Signature\n/);
        assert.match(text, /TLS Web Server Authentication, TLS Web Client Authentication/);
        assert.match(text, /CA:FALSE/);
        const leaf = new X509Certificate(String(outputs.certPem));
        assert.equal(BigInt(`0x${leaf.serialNumber}`).toString(), id);
        assert.ok(leaf.checkPrivateKey(createPrivateKey(leafKey.privateKeyPem ?? "")));
        assert.equal(leaf.validToDate.toISOString(), outputs.validityEndTime);
        assert.equal(outputs.caKeyAlgorithm, algorithm.algorithm);
      });
    }

    it("limits the path below a CA only when asked", async () => {
      const ecdsa: Inputs = { algorithm: "ECDSA", ecdsaCurve: "P256" };
      const text = async (further: Inputs) => {
        const { certificate } = await authority(ecdsa, further);
        return openssl("x509", "-in", file("path.crt", certificate), "-noout", "-text");
      };
      assert.match(await text({ maxPathLength: 0 }), /CA:TRUE, pathlen:0/);
      assert.match(await text({}), /CA:TRUE\n/);
    });

    it("marks the alternative names critical when there is no subject", async () => {
      const key = await makeKey({ algorithm: "ED25519" });
      const { outputs } = await make(selfSignedType, {
        privateKeyPem: key.privateKeyPem ?? "",
        dnsNames: ["only.example"],
        validityPeriodHours: 1,
        allowedUses: [],
      });
      const text = openssl("x509", "-in", file("bare.crt", outputs.certPem), "-noout", "-text");
      assert.match(text, /Subject Alternative Name: critical/);
    });

    it("refuses a CA key that does not belong to the CA", async () => {
      const algorithm: Inputs = { algorithm: "ED25519" };
      const [one, other] = [await authority(algorithm), await authority(algorithm)];
      const request = await make(requestType, { privateKeyPem: one.key });
      await assert.rejects(
        make(locallySignedType, {
          caCertPem: one.certificate,
          caPrivateKeyPem: other.key,
          certRequestPem: String(request.outputs.certRequestPem),
          validityPeriodHours: 1,
          allowedUses: [],
        }),
        /caPrivateKeyPem does not belong to caCertPem/,
      );
    });

    it("says which PEM it cannot read, without showing it", async () => {
      await assert.rejects(
        make(requestType, { privateKeyPem: "-----BEGIN hunter2" }),
        (error: Error) =>
          /privateKeyPem is not a private key/.test(error.message) &&
          !error.message.includes("hunter2"),
      );
    });
  });

  describe("check and diff", () => {
    it("lists everything wrong at once", async () => {
      const inputs: Inputs = {
        allowedUses: ["server_auth", "everything"],
        ipAddresses: ["not-an-ip"],
        isCaCertificate: true,
        earlyRenewalHours: -1,
        setSubjectKeyID: true,
      };
      await assert.rejects(
        provider.check(selfSignedType, inputs, undefined, operationOn(selfSignedType)),
        (error: Error) => {
          for (const part of [
            "allowedUses must be one of",
            '"not-an-ip" is not an IP address',
            "needs a subject",
            "earlyRenewalHours (-1)",
            "setSubjectKeyID is not an input",
            "validityPeriodHours is required",
            "privateKeyPem is required",
          ]) {
            assert.ok(error.message.includes(part), `${part} in ${error.message}`);
          }
          return true;
        },
      );
    });

    it("takes unknown values in a preview", async () => {
      const inputs: Inputs = {
        privateKeyPem: Unknown.value,
        ipAddresses: [Unknown.value],
        allowedUses: Unknown.value,
        validityPeriodHours: 1,
      };
      const operation = operationOn(selfSignedType);
      assert.deepEqual(await provider.check(selfSignedType, inputs, undefined, operation), inputs);
    });

    const base: Inputs = { allowedUses: [], privateKeyPem: "k", validityPeriodHours: 10 };
    const endsIn = (hours: number): Outputs => ({
      validityEndTime: new Date(Date.now() + hours * 3_600_000).toISOString(),
    });
    const diff = (from: Inputs, to: Inputs, outputs: Outputs = endsIn(10)) =>
      provider.diff(selfSignedType, "1", { ...base, ...from }, outputs, { ...base, ...to });

    it("replaces for every change but that of earlyRenewalHours", async () => {
      assert.deepEqual(await diff({}, { isCaCertificate: false }), {
        changedKeys: [],
        replaceKeys: [],
      });
      assert.deepEqual(await diff({}, { dnsNames: ["a"], earlyRenewalHours: 1 }), {
        changedKeys: ["dnsNames", "earlyRenewalHours"],
        replaceKeys: ["dnsNames"],
      });
    });

    it("replaces a certificate whose renewal is due", async () => {
      const early = { earlyRenewalHours: 5 };
      const due = { changedKeys: ["readyForRenewal"], replaceKeys: ["readyForRenewal"] };
      assert.deepEqual(await diff(early, early, endsIn(4)), due);
      assert.deepEqual(await diff({}, {}, endsIn(-1)), due);
      assert.deepEqual(await diff(early, early, endsIn(6)), { changedKeys: [], replaceKeys: [] });
    });
  });
});
