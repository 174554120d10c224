import "reflect-metadata";
import { createHash, createPublicKey, type KeyObject, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Inputs, Outputs } from "../../value.ts";
import { pem } from "../ssh/openSsh.ts";
import { isObject } from "../values.ts";
import { extendedKeyUsages, keyUsages } from "./keyUsages.ts";
import { idOf, readKey } from "./privateKey.ts";

const millisecondsPerHour = 3_600_000;

/** Object identifiers and order of the parts of a subject. */
const subjectParts: readonly (readonly [input: string, part: string])[] = [
  ["country", "C"],
  ["organization", "O"],
  ["organizationalUnit", "OU"],
  ["locality", "L"],
  ["province", "ST"],
  ["streetAddresses", "2.5.4.9"],
  ["postalCode", "2.5.4.17"],
  ["commonName", "CN"],
  ["serialNumber", "2.5.4.5"],
  ["emailAddress", "E"],
];

/** Makes a `tls.SelfSignedCert`; `inputs` have their defaults. */
export async function createSelfSigned(inputs: Inputs): Promise<{ id: string; outputs: Outputs }> {
  const { key, algorithm } = readKey(keyText(inputs, "privateKeyPem"), "privateKeyPem");
  const publicKey = createPublicKey(key);
  const keyId = subjectKeyId(publicKey);
  const name = subjectName(inputs);
  const extensions = certificateExtensions(inputs, publicKey);
  if (inputs.setAuthorityKeyId === true) {
    extensions.push(new x509.AuthorityKeyIdentifierExtension(keyId));
  }
  extensions.push(...alternativeNames(inputs, name.length === 0));
  const made = await sign(inputs, { subject: name, issuer: name, publicKey, key, extensions });
  return {
    id: made.id,
    outputs: { ...withoutWriteOnly(inputs), ...made.outputs, keyAlgorithm: algorithm },
  };
}

/** Makes a `tls.LocallySignedCert`; `inputs` have their defaults. */
export async function createLocallySigned(
  inputs: Inputs,
): Promise<{ id: string; outputs: Outputs }> {
  const { key, algorithm } = readKey(keyText(inputs, "caPrivateKeyPem"), "caPrivateKeyPem");
  const authority = parse(
    "caCertPem",
    "a certificate",
    () => new x509.X509Certificate(text(inputs, "caCertPem")),
  );
  const request = parse(
    "certRequestPem",
    "a certificate request",
    () => new x509.Pkcs10CertificateRequest(text(inputs, "certRequestPem")),
  );
  const authorityKey = createPublicKey(text(inputs, "caCertPem"));
  if (!authorityKey.equals(createPublicKey(key))) {
    throw new Error("caPrivateKeyPem does not belong to caCertPem");
  }
  const publicKey = createPublicKey({
    key: Buffer.from(request.publicKey.rawData),
    format: "der",
    type: "spki",
  });
  const extensions = certificateExtensions(inputs, publicKey);
  const issuerKeyId = extensionOf(authority, x509.SubjectKeyIdentifierExtension);
  if (issuerKeyId !== undefined && authority.subject !== request.subject) {
    extensions.push(new x509.AuthorityKeyIdentifierExtension(issuerKeyId.keyId));
  }
  const names = extensionOf(request, x509.SubjectAlternativeNameExtension);
  if (names !== undefined) {
    const critical = request.subject === "";
    extensions.push(new x509.SubjectAlternativeNameExtension(names.names.toJSON(), critical));
  }
  const made = await sign(inputs, {
    subject: request.subjectName,
    issuer: authority.subjectName,
    publicKey,
    key,
    extensions,
  });
  const outputs = { ...withoutWriteOnly(inputs), ...made.outputs, caKeyAlgorithm: algorithm };
  return { id: made.id, outputs };
}

/** Makes a `tls.CertRequest`. */
export async function createRequest(inputs: Inputs): Promise<{ id: string; outputs: Outputs }> {
  const { key, algorithm } = readKey(keyText(inputs, "privateKeyPem"), "privateKeyPem");
  const keys = {
    privateKey: await cryptoKey(key, "privateKeyPem"),
    publicKey: await cryptoKey(createPublicKey(key), "privateKeyPem"),
  };
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subjectName(inputs),
    keys,
    signingAlgorithm: signingAlgorithm(key),
    extensions: alternativeNames(inputs, false),
  });
  const der = Buffer.from(request.rawData);
  return {
    id: idOf(der),
    outputs: {
      ...withoutWriteOnly(inputs),
      certRequestPem: pem("CERTIFICATE REQUEST", der),
      keyAlgorithm: algorithm,
    },
  };
}

interface SignParameters {
  subject: x509.JsonName | x509.Name;
  issuer: x509.JsonName | x509.Name;
  publicKey: KeyObject;
  key: KeyObject;
  extensions: x509.Extension[];
}

async function sign(
  inputs: Inputs,
  { subject, issuer, publicKey, key, extensions }: SignParameters,
): Promise<{ id: string; outputs: Outputs }> {
  const serial = randomBytes(16);
  // A serial number is positive and its first byte tells nothing else (RFC 5280 4.1.2.2).
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x01;
  const start = new Date();
  start.setMilliseconds(0);
  const end = new Date(start.getTime() + Number(inputs.validityPeriodHours) * millisecondsPerHour);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial.toString("hex"),
    subject,
    issuer,
    notBefore: start,
    notAfter: end,
    publicKey: await cryptoKey(publicKey, "the public key"),
    signingKey: await cryptoKey(key, "the signing key"),
    signingAlgorithm: signingAlgorithm(key),
    extensions,
  });
  return {
    id: BigInt(`0x${serial.toString("hex")}`).toString(),
    outputs: {
      certPem: pem("CERTIFICATE", Buffer.from(certificate.rawData)),
      readyForRenewal: false,
      validityStartTime: start.toISOString(),
      validityEndTime: end.toISOString(),
    },
  };
}

function certificateExtensions(inputs: Inputs, publicKey: KeyObject): x509.Extension[] {
  const uses = strings(inputs, "allowedUses");
  const flags = uses.reduce((bits, use) => bits | (keyUsages[use] ?? 0), 0);
  const extended = uses.flatMap((use) => extendedKeyUsages[use] ?? []);
  const isAuthority = inputs.isCaCertificate === true;
  const { maxPathLength } = inputs;
  const limited = isAuthority && typeof maxPathLength === "number" && maxPathLength >= 0;
  const extensions: x509.Extension[] = [];
  if (flags !== 0) extensions.push(new x509.KeyUsagesExtension(flags, true));
  if (extended.length > 0) extensions.push(new x509.ExtendedKeyUsageExtension(extended));
  extensions.push(
    new x509.BasicConstraintsExtension(isAuthority, limited ? maxPathLength : undefined, true),
  );
  if (isAuthority || inputs.setSubjectKeyId === true) {
    extensions.push(new x509.SubjectKeyIdentifierExtension(subjectKeyId(publicKey)));
  }
  return extensions;
}

function alternativeNames(inputs: Inputs, critical: boolean): x509.Extension[] {
  const names: x509.JsonGeneralName[] = [
    ...strings(inputs, "dnsNames").map((value) => ({ type: "dns" as const, value })),
    ...strings(inputs, "ipAddresses").map((value) => ({ type: "ip" as const, value })),
    ...strings(inputs, "uris").map((value) => ({ type: "url" as const, value })),
  ];
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names, critical)];
}

function subjectName(inputs: Inputs): x509.JsonName {
  const { subject } = inputs;
  if (!isObject(subject)) return [];
  return subjectParts.flatMap(([input, part]) => {
    const value = subject[input];
    const values = (Array.isArray(value) ? value : [value]).filter(
      (element) => typeof element === "string",
    );
    return values.length === 0 ? [] : [{ [part]: values }];
  });
}

/** SHA-1 of the bits of the public key (RFC 5280 4.2.1.2, method 1), as hexadecimal digits. */
function subjectKeyId(publicKey: KeyObject): string {
  return createHash("sha1").update(publicKeyBits(publicKey)).digest("hex");
}

function publicKeyBits(publicKey: KeyObject): Buffer {
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  switch (publicKey.asymmetricKeyType) {
    case "rsa":
      return publicKey.export({ format: "der", type: "pkcs1" });
    case "ec":
      return Buffer.concat([
        Buffer.from([4]),
        ...[x, y].map((part) => Buffer.from(part, "base64url")),
      ]);
    default:
      // The original hashes an Ed25519 key inside its octet string.
      return Buffer.concat([Buffer.from([4, 32]), Buffer.from(x, "base64url")]);
  }
}

const curves: Readonly<Record<string, { namedCurve: string; hash: string }>> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384" },
  secp521r1: { namedCurve: "P-521", hash: "SHA-512" },
};

function signingAlgorithm(key: KeyObject): { name: string; hash?: string } {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    case "ec":
      return { name: "ECDSA", hash: curveOf(key)?.hash ?? "SHA-256" };
    default:
      return { name: "Ed25519" };
  }
}

function curveOf(key: KeyObject): { namedCurve: string; hash: string } | undefined {
  return curves[key.asymmetricKeyDetails?.namedCurve ?? ""];
}

async function cryptoKey(key: KeyObject, what: string): Promise<webcrypto.CryptoKey> {
  const isPrivate = key.type === "private";
  const curve = curveOf(key);
  if (key.asymmetricKeyType === "ec" && curve === undefined) {
    throw new Error(
      `${what} is on a curve that the embedded engine makes no certificates for; P256, P384 and P521 work`,
    );
  }
  const der = isPrivate
    ? key.export({ format: "der", type: "pkcs8" })
    : key.export({ format: "der", type: "spki" });
  const algorithm = { ...signingAlgorithm(key), ...curve };
  return webcrypto.subtle.importKey(isPrivate ? "pkcs8" : "spki", der, algorithm, true, [
    isPrivate ? "sign" : "verify",
  ]);
}

function extensionOf<T extends x509.Extension>(
  holder: { extensions: x509.Extension[] },
  kind: new (...args: never[]) => T,
): T | undefined {
  return holder.extensions.find((extension): extension is T => extension instanceof kind);
}

function parse<T>(input: string, what: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new Error(`${input} is not ${what} in PEM`);
  }
}

function keyText(inputs: Inputs, input: string): string {
  return String(inputs[input] ?? inputs[`${input}Wo`]);
}

function text(inputs: Inputs, input: string): string {
  return String(inputs[input]);
}

function strings(inputs: Inputs, input: string): string[] {
  const value = inputs[input];
  return Array.isArray(value) ? value.map(String) : [];
}

/** Outputs never hold what was given to be written only. */
function withoutWriteOnly(inputs: Inputs): Outputs {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !key.endsWith("PemWo")));
}
