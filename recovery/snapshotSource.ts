import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Templates, text } from "../design/render/template.ts";
import type { RemoteMachine } from "./remoteMachine.ts";

/** A snapshot on a control plane. */
export interface KeptSnapshot {
  machine: RemoteMachine;
  /** Absolute path there. */
  path: string;
}

/** The snapshot that a restore goes back to. */
export interface Snapshot {
  /** Where it comes from, for people. */
  origin: string;
  /** Hexadecimal. */
  sha256: string;
  /** Brings it to an etcd member, whole, where it is not there yet. */
  deliver(member: RemoteMachine, templates: Templates): Promise<void>;
  /** Removes the copy on this computer, if there is one. */
  discard(): void;
}

/** A snapshot on this computer. */
export interface LocalSnapshot extends Snapshot {
  file: string;
}

/** Snapshots that the control planes keep, newest first. */
export async function keptSnapshots(
  machines: readonly RemoteMachine[],
  templates: Templates,
): Promise<KeptSnapshot[]> {
  const lists = await Promise.all(
    machines.map(async (machine) => {
      const list = await machine.run(text(templates, "restore/listSnapshots.sh"));
      return list
        .split("\n")
        .filter((path) => path !== "")
        .map((path) => ({ machine, path }));
    }),
  );
  // Names begin with the time.
  return lists.flat().sort((a, b) => (basename(a.path) < basename(b.path) ? 1 : -1));
}

/** The snapshot that `--from` means: a file here, or "latest" of those that the control planes keep. */
export async function chosenSnapshot(
  from: string,
  machines: readonly RemoteMachine[],
  templates: Templates,
): Promise<LocalSnapshot> {
  if (from !== "latest") {
    if (!existsSync(from)) throw new Error(`--from ${from}: there is no such file`);
    return localSnapshot(from, from, await digestOf(from), () => {});
  }
  const [newest] = await keptSnapshots(machines, templates);
  if (newest === undefined) throw new Error("no control plane has a snapshot: give --from FILE");
  const folder = mkdtempSync(join(tmpdir(), "quorum-restore-"));
  const discard = (): void => rmSync(folder, { recursive: true, force: true });
  const file = join(folder, basename(newest.path));
  try {
    const content = await newest.machine.read(text(templates, "restore/readFile.sh"), {
      env: { SNAPSHOT: newest.path },
    });
    await pipeline(content, createWriteStream(file, { mode: 0o600 }));
    const sha256 = await digestOf(file);
    return localSnapshot(`${newest.machine.name}:${newest.path}`, file, sha256, discard);
  } catch (error) {
    discard();
    throw error;
  }
}

/** A file that is sent to members as they are told of it. */
export function localSnapshot(
  origin: string,
  file: string,
  sha256: string,
  discard: () => void,
): LocalSnapshot {
  return {
    origin,
    file,
    sha256,
    discard,
    async deliver(member, templates) {
      const stdin = createReadStream(file);
      const env = { SHA256: sha256 };
      await member.run(text(templates, "restore/receiveSnapshot.sh"), { env, stdin });
    },
  };
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
