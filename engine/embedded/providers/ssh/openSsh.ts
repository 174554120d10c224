import { createHash, createPrivateKey, type KeyObject, randomBytes } from "node:crypto";

const curveNames: Readonly<Record<string, string>> = {
  "P-256": "nistp256",
  "P-384": "nistp384",
  "P-521": "nistp521",
};

/**
 * Public key in the SSH wire format (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4), or undefined where SSH
 * has none for it (ECDSA P-224).
 */
export function sshPublicKey(key: KeyObject): Buffer | undefined {
  if (key.asymmetricKeyDetails?.namedCurve === "secp224r1") return undefined;
  const jwk = key.export({ format: "jwk" });
  switch (key.asymmetricKeyType) {
    case "rsa":
      return Buffer.concat([text("ssh-rsa"), integer(jwk.e), integer(jwk.n)]);
    case "ec": {
      const curve = curveNames[jwk.crv ?? ""];
      if (curve === undefined) return undefined;
      const point = Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]);
      return Buffer.concat([text(`ecdsa-sha2-${curve}`), text(curve), field(point)]);
    }
    case "ed25519":
      return Buffer.concat([text("ssh-ed25519"), field(bytes(jwk.x))]);
    default:
      return undefined;
  }
}

/** Type name at the front of a public key in wire format, e.g. "ssh-ed25519". */
export function sshKeyType(publicKey: Buffer): string {
  return publicKey.subarray(4, 4 + publicKey.readUInt32BE(0)).toString("latin1");
}

/** Fingerprint as OpenSSH prints it: "SHA256:" and unpadded base64. */
export function sshFingerprint(publicKey: Buffer): string {
  return `SHA256:${createHash("sha256").update(publicKey).digest("base64").replace(/=+$/, "")}`;
}

/** Private key in OpenSSH's own format ("openssh-key-v1"), not encrypted; undefined as above. */
export function openSshPrivateKey(
  key: KeyObject,
  publicKey: Buffer | undefined,
): string | undefined {
  if (publicKey === undefined) return undefined;
  const jwk = key.export({ format: "jwk" });
  const type = sshKeyType(publicKey);
  let secrets: Buffer;
  if (type === "ssh-rsa") {
    const numbers = [jwk.n, jwk.e, jwk.d, jwk.qi, jwk.p, jwk.q].map(integer);
    secrets = Buffer.concat([text(type), ...numbers]);
  } else if (type === "ssh-ed25519") {
    secrets = Buffer.concat([publicKey, field(Buffer.concat([bytes(jwk.d), bytes(jwk.x)]))]);
  } else {
    secrets = Buffer.concat([publicKey, integer(jwk.d)]);
  }
  const check = randomBytes(4);
  const unpadded = Buffer.concat([check, check, secrets, text("")]);
  const padding = Buffer.from(
    Array.from({ length: (8 - (unpadded.length % 8)) % 8 }, (_, index) => index + 1),
  );
  const one = Buffer.alloc(4);
  one.writeUInt32BE(1);
  const blob = Buffer.concat([
    Buffer.from("openssh-key-v1\0", "latin1"),
    text("none"),
    text("none"),
    text(""),
    one,
    field(publicKey),
    field(Buffer.concat([unpadded, padding])),
  ]);
  return pem("OPENSSH PRIVATE KEY", blob, 70);
}

/**
 * A private key in a form that the SSH client reads: PKCS #8, which it does not read, is rewritten.
 * @throws When a PKCS #8 key cannot be read with the passphrase.
 */
export function readablePrivateKey(
  key: string,
  passphrase: string | undefined,
): { key: string; passphrase: string | undefined } {
  if (!/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(key)) return { key, passphrase };
  const parsed = createPrivateKey(passphrase === undefined ? key : { key, passphrase });
  const rewritten = openSshPrivateKey(parsed, sshPublicKey(parsed));
  if (rewritten === undefined) {
    throw new Error(`SSH has no use for a private key of type ${parsed.asymmetricKeyType}`);
  }
  return { key: rewritten, passphrase: undefined };
}

/** PEM with lines of a given width and a newline at the end. */
export function pem(label: string, der: Uint8Array, lineWidth = 64): string {
  const body =
    Buffer.from(der)
      .toString("base64")
      .match(new RegExp(`.{1,${lineWidth}}`, "g")) ?? [];
  return `-----BEGIN ${label}-----\n${body.join("\n")}\n-----END ${label}-----\n`;
}

function bytes(base64url: string | undefined): Buffer {
  return Buffer.from(base64url ?? "", "base64url");
}

function field(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

function text(content: string): Buffer {
  return field(Buffer.from(content, "latin1"));
}

/** Multiple-precision integer (RFC 4251 5): no needless zeroes, positive. */
function integer(base64url: string | undefined): Buffer {
  let content = bytes(base64url);
  while (content.length > 0 && content[0] === 0) content = content.subarray(1);
  if ((content[0] ?? 0) & 0x80) content = Buffer.concat([Buffer.from([0]), content]);
  return field(content);
}
