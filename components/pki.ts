import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import type { RootSecret } from "../design/machine.ts";
import { type AuthorityPlan, authorities } from "../design/pki.ts";

export interface ClusterPkiArgs {
  /** Part of every authority's common name. */
  clusterName: string;
  /** Refuse to delete or replace any of it. */
  protect: boolean;
}

/**
 * The long-lived key material of a self-managed cluster; every leaf is minted on its machine.
 * Replacing any of it is a rotation of the whole cluster; its inputs depend on the name alone.
 */
export class ClusterPki extends pulumi.ComponentResource {
  /** PEM texts, and base64 for the encryption key; all secret. */
  readonly roots: Record<RootSecret, pulumi.Output<string>>;

  constructor(name: string, args: ClusterPkiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("quorum:index:ClusterPki", name, {}, opts);
    const child = { parent: this, protect: args.protect };
    const serviceAccount = signingKey(`${name}-service-account`, child);
    const encryption = new random.RandomBytes(
      `${name}-secrets-encryption`,
      { length: 32 },
      { ...child, additionalSecretOutputs: ["base64", "hex"] },
    );
    const made = Object.fromEntries(
      authorities(args.clusterName).map((plan) => [plan.name, authority(name, plan, child)]),
    );
    const of = (ca: AuthorityPlan["name"]): Authority => made[ca] as Authority;

    this.roots = {
      "kubernetes-ca.crt": of("kubernetes-ca").certificate,
      "kubernetes-ca.key": of("kubernetes-ca").key,
      "front-proxy-ca.crt": of("front-proxy-ca").certificate,
      "front-proxy-ca.key": of("front-proxy-ca").key,
      "etcd-peer-ca.crt": of("etcd-peer-ca").certificate,
      "etcd-peer-ca.key": of("etcd-peer-ca").key,
      "etcd-client-ca.crt": of("etcd-client-ca").certificate,
      "etcd-client-ca.key": of("etcd-client-ca").key,
      "service-account.key": pulumi.secret(serviceAccount.privateKeyPem),
      "secrets-encryption.key": pulumi.secret(encryption.base64),
    };
    this.registerOutputs({});
  }
}

interface Authority {
  certificate: pulumi.Output<string>;
  key: pulumi.Output<string>;
}

function signingKey(name: string, opts: pulumi.CustomResourceOptions): tls.PrivateKey {
  return new tls.PrivateKey(
    name,
    { algorithm: "ECDSA", ecdsaCurve: "P256" },
    { ...opts, additionalSecretOutputs: ["privateKeyPem", "privateKeyPemPkcs8"] },
  );
}

function authority(
  name: string,
  plan: AuthorityPlan,
  opts: pulumi.CustomResourceOptions,
): Authority {
  const key = signingKey(`${name}-${plan.name}`, opts);
  const certificate = new tls.SelfSignedCert(
    `${name}-${plan.name}`,
    {
      privateKeyPem: key.privateKeyPem,
      subject: { commonName: plan.commonName },
      validityPeriodHours: plan.lifetimeDays * 24,
      isCaCertificate: true,
      setSubjectKeyId: true,
      allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
    },
    opts,
  );
  return {
    certificate: pulumi.secret(certificate.certPem),
    key: pulumi.secret(key.privateKeyPem),
  };
}
