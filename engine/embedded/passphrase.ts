import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { SecretSealer } from "./propertyCodec.ts";

/**
 * Pulumi's passphrase scheme, version 1: key by PBKDF2 (SHA-256, 1,000,000 rounds, 8 bytes of
 * salt), values by AES-256-GCM as `v1:<nonce>:<ciphertext and tag>`, and a salt text
 * `v1:<salt>:<sealed "pulumi">` by which a wrong passphrase is noticed.
 */
const rounds = 1_000_000;
const keyBytes = 32;
const saltBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;
const probe = "pulumi";

const deriveKey = promisify(pbkdf2);

/** The passphrase of PULUMI_CONFIG_PASSPHRASE, or of the file PULUMI_CONFIG_PASSPHRASE_FILE names. */
export async function passphraseFrom(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (env.PULUMI_CONFIG_PASSPHRASE !== undefined) return env.PULUMI_CONFIG_PASSPHRASE;
  const file = env.PULUMI_CONFIG_PASSPHRASE_FILE;
  if (file === undefined || file === "") return undefined;
  return (await readFile(file, "utf8")).trim();
}

/** Opens the secrets sealed under a salt text. Throws when the passphrase is not the right one. */
export async function openSealer(saltText: string, passphrase: string): Promise<SecretSealer> {
  const [version, salt, ...sealedProbe] = saltText.split(":");
  if (version !== "v1" || salt === undefined || sealedProbe.length === 0) {
    throw new Error("the encryption salt is malformed; expected v1:<salt>:<check value>");
  }
  const sealer = await sealerFor(passphrase, Buffer.from(salt, "base64"));
  try {
    if (sealer.open(sealedProbe.join(":")) === probe) return sealer;
  } catch {
    // The message below says what a failed check means.
  }
  throw new Error(
    "incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one this stack was made with",
  );
}

/** A fresh salt for a stack that has none yet. */
export async function createSealer(
  passphrase: string,
): Promise<{ saltText: string; sealer: SecretSealer }> {
  const salt = randomBytes(saltBytes);
  const sealer = await sealerFor(passphrase, salt);
  return { saltText: `v1:${salt.toString("base64")}:${sealer.seal(probe)}`, sealer };
}

/** Keys derived in this process; half a second each. */
const keys = new Map<string, Promise<Buffer>>();

function keyOf(passphrase: string, salt: Buffer): Promise<Buffer> {
  const name = `${salt.toString("hex")} ${passphrase}`;
  let key = keys.get(name);
  if (key === undefined) {
    key = deriveKey(passphrase, salt, rounds, keyBytes, "sha256");
    keys.set(name, key);
  }
  return key;
}

async function sealerFor(passphrase: string, salt: Buffer): Promise<SecretSealer> {
  const key = await keyOf(passphrase, salt);
  return {
    seal(plaintext) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const sealed = Buffer.concat([
        cipher.update(plaintext, "utf8"),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
    },
    open(ciphertext) {
      const [version, nonce, sealed] = ciphertext.split(":");
      if (version !== "v1" || nonce === undefined || sealed === undefined) {
        throw new Error("a sealed value is malformed; expected v1:<nonce>:<ciphertext>");
      }
      const bytes = Buffer.from(sealed, "base64");
      const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
      decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
      const body = bytes.subarray(0, bytes.length - tagBytes);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
    },
  };
}
