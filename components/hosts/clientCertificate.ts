import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

export interface ClientCertificateArgs {
  /** User in the eyes of the API server. */
  commonName: string;
  /** Group. */
  organization: string;
  /** Alternative names; for a host they are what its serving certificate may say. */
  dnsNames?: string[];
  ipAddresses?: string[];
  lifetimeDays: number;
  /** Last part of its life, in which an `up` makes a new one. Default: none is made by itself. */
  renewalDays?: number;
  authority: { certificate: pulumi.Input<string>; key: pulumi.Input<string> };
}

/** A client certificate of the Kubernetes CA, made where the stack is applied. */
export class ClientCertificate extends pulumi.ComponentResource {
  /** PEM. */
  readonly certificate: pulumi.Output<string>;
  /** PEM, secret. */
  readonly key: pulumi.Output<string>;

  constructor(name: string, args: ClientCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("quorum:hosts:ClientCertificate", name, {}, opts);
    const child = { parent: this };
    const key = new tls.PrivateKey(
      name,
      { algorithm: "ECDSA", ecdsaCurve: "P256" },
      { ...child, additionalSecretOutputs: ["privateKeyPem", "privateKeyPemPkcs8"] },
    );
    const request = new tls.CertRequest(
      name,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: args.commonName, organization: args.organization },
        ...(args.dnsNames === undefined ? {} : { dnsNames: args.dnsNames }),
        ...(args.ipAddresses === undefined ? {} : { ipAddresses: args.ipAddresses }),
      },
      child,
    );
    const signed = new tls.LocallySignedCert(
      name,
      {
        certRequestPem: request.certRequestPem,
        caCertPem: args.authority.certificate,
        caPrivateKeyPem: args.authority.key,
        validityPeriodHours: args.lifetimeDays * 24,
        ...(args.renewalDays === undefined ? {} : { earlyRenewalHours: args.renewalDays * 24 }),
        allowedUses: ["digital_signature", "client_auth"],
      },
      child,
    );
    this.certificate = signed.certPem;
    this.key = pulumi.secret(key.privateKeyPem);
    this.registerOutputs({});
  }
}
