import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";

class Pair extends pulumi.ComponentResource {
  readonly key: tls.PrivateKey;
  constructor(name: string) {
    super("keys:index:Pair", name);
    this.key = new tls.PrivateKey(
      name,
      { algorithm: "ECDSA", ecdsaCurve: "P256" },
      { parent: this },
    );
    this.registerOutputs({ publicKey: this.key.publicKeyPem });
  }
}

const pair = new Pair("ca");
const suffix = new random.RandomId("suffix", { byteLength: Number(process.env.ID_BYTES ?? 4) });
const ca = new tls.SelfSignedCert("ca", {
  privateKeyPem: pair.key.privateKeyPem,
  isCaCertificate: true,
  validityPeriodHours: 24,
  allowedUses: ["cert_signing"],
  subject: { commonName: pulumi.interpolate`ca-${suffix.hex}` },
});

export const certificate = ca.certPem;
export const privateKey = pair.key.privateKeyPem;
export const name = suffix.hex;
