import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
} from "node:crypto";
import { promisify } from "node:util";
import type { Inputs, Outputs } from "../../value.ts";
import { openSshPrivateKey, sshFingerprint, sshPublicKey } from "../ssh/openSsh.ts";

const generate = promisify(generateKeyPair);

const curveNames: Readonly<Record<string, string>> = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
};

const algorithms: Readonly<Record<string, string>> = {
  rsa: "RSA",
  ec: "ECDSA",
  ed25519: "ED25519",
};

/** Makes a key as `tls.PrivateKey` asks for it; `inputs` have their defaults. */
export async function createKey(inputs: Inputs): Promise<{ id: string; outputs: Outputs }> {
  const key = await newKey(inputs);
  const publicKey = createPublicKey(key);
  const wire = sshPublicKey(publicKey);
  const der = publicKey.export({ format: "der", type: "spki" });
  const base64 = wire?.toString("base64");
  const type = wire?.subarray(4, 4 + wire.readUInt32BE(0)).toString();
  const md5 = wire === undefined ? "" : createHash("md5").update(wire).digest("hex");
  return {
    id: idOf(der),
    outputs: {
      ...inputs,
      privateKeyOpenssh: openSshPrivateKey(key, wire) ?? "",
      privateKeyPem: pemOf(key),
      privateKeyPemPkcs8: String(key.export({ format: "pem", type: "pkcs8" })),
      publicKeyFingerprintMd5: md5.match(/../g)?.join(":") ?? "",
      publicKeyFingerprintSha256: wire === undefined ? "" : sshFingerprint(wire),
      publicKeyOpenssh: wire === undefined ? "" : `${type} ${base64}\n`,
      publicKeyPem: String(publicKey.export({ format: "pem", type: "spki" })),
      __meta: JSON.stringify({ schema_version: "1" }),
    },
  };
}

async function newKey(inputs: Inputs): Promise<KeyObject> {
  switch (inputs.algorithm) {
    case "RSA":
      return (await generate("rsa", { modulusLength: Number(inputs.rsaBits) })).privateKey;
    case "ECDSA": {
      const namedCurve = curveNames[String(inputs.ecdsaCurve)] ?? "";
      return (await generate("ec", { namedCurve })).privateKey;
    }
    default:
      return (await generate("ed25519")).privateKey;
  }
}

function pemOf(key: KeyObject): string {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return String(key.export({ format: "pem", type: "pkcs1" }));
    case "ec":
      return String(key.export({ format: "pem", type: "sec1" }));
    default:
      return String(key.export({ format: "pem", type: "pkcs8" }));
  }
}

/** Id of a key or a request: SHA-1 of its DER, in which white space at the ends does not count. */
export function idOf(der: Buffer): string {
  return createHash("sha1").update(der.toString("latin1").trim(), "latin1").digest("hex");
}

/**
 * Reads a private key in PEM.
 * @throws With the name of the input, never with what it holds.
 */
export function readKey(text: string, input: string): { key: KeyObject; algorithm: string } {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    throw new Error(`${input} is not a private key in PEM`);
  }
  const algorithm = algorithms[key.asymmetricKeyType ?? ""];
  if (algorithm !== undefined) return { key, algorithm };
  throw new Error(
    `${input} is a key of type ${key.asymmetricKeyType}; RSA, ECDSA and ED25519 are known`,
  );
}
