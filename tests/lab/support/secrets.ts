import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Machine } from "../../../lab/machine.ts";
import type { Lab } from "../../../lab/machines.ts";
import { passphraseFile, sshKeyFile } from "../../../lab/paths.ts";

/** Where machines keep key material: everything below is secret but certificates and public keys. */
const keyFolders = ["/etc/quorum/pki", "/etc/kubernetes", "/var/lib/kubelet/pki", "/etc/etcd"];
const fragmentLength = 40;

/**
 * Tell-tale pieces of every secret of a lab, by where it is kept: a line out of the middle of each
 * private key, the engine's passphrase, the tokens and the encryption key.
 */
export async function secretFragments(
  lab: Lab,
  tokens: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const note = (text: string, place: string) => {
    const piece = text.trim();
    if (piece.length >= 8) found.set(piece, place);
  };
  for (const name of lab.names) {
    for (const [path, text] of await keyFiles(lab.machine(name))) {
      for (const piece of piecesOf(text)) note(piece, `${name}:${path}`);
    }
  }
  note(readFileSync(passphraseFile(lab.spec.name), "utf8"), "passphrase of the engine's state");
  for (const piece of piecesOf(readFileSync(sshKeyFile(lab.spec.name), "utf8")))
    note(piece, "SSH key of the lab");
  for (const token of tokens) note(token, "bootstrap token");
  return found;
}

async function keyFiles(machine: Machine): Promise<Map<string, string>> {
  const script = `for dir in ${keyFolders.join(" ")}; do
  [ -d "$dir" ] && find "$dir" -type f -size -64k
done | while read -r file; do
  if grep -qE 'PRIVATE KEY|client-key-data|secret:' "$file" || case $file in *.key) true;; *) false;; esac; then
    printf '=== %s\\n' "$file"; cat "$file"; echo
  fi
done`;
  const { stdout } = await machine.exec(["sh", "-c", script]);
  const parts = stdout.split(/^=== /m).filter((part) => part.trim() !== "");
  return new Map(
    parts.map((part) => {
      const end = part.indexOf("\n");
      return [part.slice(0, end), part.slice(end + 1)];
    }),
  );
}

/** Pieces of the secret part of private keys in PEM, and long values of keys in base64. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  const keys = /-----BEGIN [A-Z ]*PRIVATE KEY-----\n([^-]+)-----END [A-Z ]*PRIVATE KEY-----/g;
  for (const [pem, body] of text.matchAll(keys)) {
    const lines = (body ?? "").trim().split("\n");
    const middle = lines[Math.floor(lines.length / 2)] ?? "";
    pieces.push(secretLine(pem, lines) ?? middle.slice(-fragmentLength));
  }
  for (const [, value] of text.matchAll(/client-key-data: (\S+)/g)) {
    pieces.push((value ?? "").slice(60, 60 + fragmentLength));
  }
  for (const [, value] of text.matchAll(/secret: (\S{20,})/g)) pieces.push(value ?? "");
  if (pieces.length === 0 && /^[\w+/=-]{20,100}$/.test(text.trim())) pieces.push(text.trim());
  return pieces;
}

/**
 * The longest run of one line that lies within the secret number of a key: its file holds the public
 * key as well, which certificates rightly show. Undefined for a form that only OpenSSH reads.
 */
function secretLine(pem: string, lines: readonly string[]): string | undefined {
  if (pem.includes("OPENSSH")) return undefined;
  const secret = Buffer.from(createPrivateKey(pem).export({ format: "jwk" }).d ?? "", "base64url");
  const start = Buffer.from(lines.join(""), "base64").indexOf(secret);
  const first = Math.ceil(start / 3) * 4;
  const end = Math.floor((start + secret.length) / 3) * 4;
  const width = lines[0]?.length ?? 0;
  const runs = lines.map((line, index) =>
    line.slice(Math.max(0, first - index * width), Math.max(0, end - index * width)),
  );
  return runs.sort((one, other) => other.length - one.length)[0]?.slice(0, fragmentLength);
}

/** Pieces that lie in files of a machine that everyone may read, or in its process list. */
export async function exposedOn(
  machine: Machine,
  fragments: ReadonlyMap<string, string>,
): Promise<string[]> {
  // The pieces come by standard input: on a command line this search would find itself.
  const script = `umask 077; cat >/run/fragments
find / -xdev \\( -path /proc -o -path /sys -o -path /usr -o -path /var/lib/containerd -o -path /run/fragments \\) -prune \\
  -o -type f -perm -o=r -size -4096k -print0 2>/dev/null | xargs -0 grep -lFf /run/fragments 2>/dev/null
find /run /tmp /dev/shm \\( -path /run/fragments -o -path /run/containerd \\) -prune -o -type f -perm -o=r -print0 2>/dev/null |
  xargs -0 grep -lFf /run/fragments 2>/dev/null
for process in /proc/[0-9]*; do
  tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -qFf /run/fragments && echo "$process/cmdline"
done
rm -f /run/fragments`;
  const input = `${[...fragments.keys()].join("\n")}\n`;
  const { stdout } = await machine.exec(["sh", "-c", script], {
    input,
    mayFail: true,
    timeoutSeconds: 300,
  });
  return [...new Set(stdout.split("\n").filter(Boolean))].map((path) => `${machine.name}:${path}`);
}
