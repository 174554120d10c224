import { isIP } from "node:net";
import type { Inputs, Value } from "../../value.ts";
import type { InputSpec, InputSpecs } from "../inputSpec.ts";
import { extendedKeyUsages, keyUsages } from "./keyUsages.ts";

export const privateKeyType = "tls:index/privateKey:PrivateKey";
export const selfSignedCertType = "tls:index/selfSignedCert:SelfSignedCert";
export const certRequestType = "tls:index/certRequest:CertRequest";
export const locallySignedCertType = "tls:index/locallySignedCert:LocallySignedCert";

const secretText: InputSpec = { kind: "string", secret: true };

const subject: InputSpec = {
  kind: "object",
  fields: {
    commonName: { kind: "string" },
    country: { kind: "string" },
    emailAddress: { kind: "string" },
    locality: { kind: "string" },
    organization: { kind: "string" },
    organizationalUnit: { kind: "string" },
    postalCode: { kind: "string" },
    province: { kind: "string" },
    serialNumber: { kind: "string" },
    streetAddresses: { kind: "strings" },
  },
};

const names: InputSpecs = {
  dnsNames: { kind: "strings" },
  ipAddresses: { kind: "strings" },
  uris: { kind: "strings" },
  subject,
};

const certificate: InputSpecs = {
  allowedUses: {
    kind: "strings",
    required: true,
    oneOf: [...Object.keys(keyUsages), ...Object.keys(extendedKeyUsages)].sort(),
  },
  earlyRenewalHours: { kind: "integer", min: 0 },
  isCaCertificate: { kind: "boolean" },
  maxPathLength: { kind: "integer", min: -1 },
  setSubjectKeyId: { kind: "boolean" },
  validityPeriodHours: { kind: "integer", min: 0, required: true },
};

const ownKey: InputSpecs = {
  privateKeyPem: secretText,
  privateKeyPemWo: secretText,
  privateKeyPemWoVersion: { kind: "integer" },
};

const specs: Readonly<Record<string, InputSpecs>> = {
  [privateKeyType]: {
    algorithm: { kind: "string", required: true, oneOf: ["RSA", "ECDSA", "ED25519"] },
    ecdsaCurve: { kind: "string", oneOf: ["P224", "P256", "P384", "P521"] },
    rsaBits: { kind: "integer", min: 1024 },
  },
  [selfSignedCertType]: {
    ...names,
    ...certificate,
    ...ownKey,
    setAuthorityKeyId: { kind: "boolean" },
  },
  [certRequestType]: { ...names, ...ownKey },
  [locallySignedCertType]: {
    ...certificate,
    caCertPem: { kind: "string", required: true },
    caPrivateKeyPem: secretText,
    caPrivateKeyPemWo: secretText,
    caPrivateKeyPemWoVersion: { kind: "integer" },
    certRequestPem: { kind: "string", required: true },
  },
};

/** Inputs of a kind of @pulumi/tls. */
export function tlsSpecs(type: string): InputSpecs {
  return specs[type] ?? {};
}

/** Outputs that hold a value also when the input behind them is absent; they count in a diff. */
export function tlsDefaults(type: string): Inputs {
  switch (type) {
    case privateKeyType:
      return { ecdsaCurve: "P224", rsaBits: 2048 };
    case selfSignedCertType:
      return { ...certificateDefaults, setAuthorityKeyId: false };
    case locallySignedCertType:
      return certificateDefaults;
    default:
      return {};
  }
}

const certificateDefaults: Inputs = {
  earlyRenewalHours: 0,
  isCaCertificate: false,
  setSubjectKeyId: false,
};

/** What is wrong with inputs beyond the kind of each. */
export function tlsProblems(type: string, inputs: Inputs): string[] {
  if (type === privateKeyType) return [];
  const key = type === locallySignedCertType ? "caPrivateKeyPem" : "privateKeyPem";
  const problems: string[] = [];
  if (!present(inputs[key]) && !present(inputs[`${key}Wo`])) problems.push(`${key} is required`);
  const addresses = inputs.ipAddresses;
  for (const address of Array.isArray(addresses) ? addresses : []) {
    if (typeof address === "string" && isIP(address) === 0) {
      problems.push(`ipAddresses: ${JSON.stringify(address)} is not an IP address`);
    }
  }
  if (type === selfSignedCertType) {
    const authority = inputs.isCaCertificate === true;
    if (authority && !present(inputs.subject)) {
      problems.push("a certificate authority needs a subject");
    }
    const noKeyId = !authority && !inputs.setSubjectKeyId;
    if (inputs.setAuthorityKeyId === true && noKeyId) {
      problems.push("setAuthorityKeyId needs setSubjectKeyId or isCaCertificate");
    }
  }
  return problems;
}

function present(value: Value | undefined): boolean {
  return value !== undefined && value !== null;
}
