import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, isAbsolute, join, posix } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client, SFTPWrapper } from "ssh2";
import { Archive, Asset } from "../../value.ts";
import { programFolder } from "../programFolder.ts";

const noSuchFile = 2;

/**
 * Copies an asset or an archive to a host by the rules of `command:remote:CopyToRemote`: a folder
 * lands inside an existing folder unless its path ends in "/", a file inside an existing folder or
 * over an existing file; archive files are not unpacked; missing parent folders are made.
 */
export async function copyToRemote(
  client: Client,
  source: Asset | Archive,
  remotePath: string,
  signal: AbortSignal,
): Promise<void> {
  const remote = await RemoteFiles.open(client, signal);
  try {
    if (source instanceof Archive && source.assets !== undefined) {
      await copyAssetMap(remote, source.assets, remotePath);
    } else if (source.path !== undefined) {
      await copyPath(remote, localPath(source.path), remotePath);
    } else if (source instanceof Asset && source.text !== undefined) {
      await copyText(remote, source.text, remotePath);
    } else {
      throw new Error("the source is neither text nor a local path");
    }
  } finally {
    remote.close();
  }
}

async function copyText(remote: RemoteFiles, text: string, remotePath: string): Promise<void> {
  if ((await remote.kind(remotePath)) === "folder") {
    throw new Error(`remotePath ${remotePath} is a folder; text needs the path of a file`);
  }
  await remote.makeFolder(posix.dirname(remotePath));
  await remote.write(Readable.from([Buffer.from(text)]), remotePath);
}

async function copyPath(remote: RemoteFiles, source: string, remotePath: string): Promise<void> {
  const kind = await remote.kind(remotePath);
  if (!(await stat(source)).isDirectory()) {
    if (kind === undefined) await remote.makeFolder(posix.dirname(remotePath));
    const target = kind === "folder" ? posix.join(remotePath, basename(source)) : remotePath;
    return remote.write(createReadStream(source), target);
  }
  await remote.makeFolder(remotePath);
  const target = source.endsWith("/") ? remotePath : posix.join(remotePath, basename(source));
  return copyFolder(remote, source, target);
}

async function copyFolder(remote: RemoteFiles, source: string, target: string): Promise<void> {
  await remote.makeFolder(target);
  for (const name of (await readdir(source)).sort()) {
    const from = join(source, name);
    const to = posix.join(target, name);
    if ((await stat(from)).isDirectory()) await copyFolder(remote, from, to);
    else await remote.write(createReadStream(from), to);
  }
}

async function copyAssetMap(
  remote: RemoteFiles,
  assets: Record<string, Asset | Archive>,
  target: string,
): Promise<void> {
  await remote.makeFolder(target);
  for (const [name, asset] of Object.entries(assets).sort()) {
    const to = posix.join(target, name);
    await remote.makeFolder(posix.dirname(to));
    if (asset instanceof Asset && asset.text !== undefined) await copyText(remote, asset.text, to);
    else if (asset instanceof Archive && asset.assets !== undefined) {
      await copyAssetMap(remote, asset.assets, to);
    } else if (asset.path !== undefined) {
      const from = localPath(asset.path);
      if ((await stat(from)).isDirectory()) await copyFolder(remote, from, to);
      else await remote.write(createReadStream(from), to);
    }
  }
}

/** A local path, which starts from the program's folder. A "/" at its end says something and stays. */
function localPath(given: string): string {
  return isAbsolute(given) ? given : join(programFolder(), given);
}

/** The few file operations that copying needs, over SFTP. */
class RemoteFiles {
  readonly #sftp: SFTPWrapper;
  readonly #signal: AbortSignal;

  private constructor(sftp: SFTPWrapper, signal: AbortSignal) {
    this.#sftp = sftp;
    this.#signal = signal;
  }

  static async open(client: Client, signal: AbortSignal): Promise<RemoteFiles> {
    signal.throwIfAborted();
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      client.once("close", () => reject(new Error("the connection broke")));
      client.sftp((error, session) => (error ? reject(error) : resolve(session)));
    });
    return new RemoteFiles(sftp, signal);
  }

  close(): void {
    this.#sftp.end();
  }

  async kind(path: string): Promise<"file" | "folder" | undefined> {
    return new Promise((resolve, reject) => {
      this.#sftp.stat(path, (error, attributes) => {
        if (error === undefined || error === null) {
          resolve(attributes.isDirectory() ? "folder" : "file");
        } else if ((error as Error & { code?: number }).code === noSuchFile) resolve(undefined);
        else reject(new Error(`cannot look at remote path ${path}: ${error.message}`));
      });
    });
  }

  /** Makes a folder and those above it, where they are missing. */
  async makeFolder(path: string): Promise<void> {
    this.#signal.throwIfAborted();
    const kind = await this.kind(path);
    if (kind === "file") throw new Error(`remote path ${path} exists and is not a folder`);
    if (kind === "folder") return;
    await this.makeFolder(posix.dirname(path));
    await new Promise<void>((resolve, reject) => {
      this.#sftp.mkdir(path, (error) => {
        if (error) reject(new Error(`cannot make remote folder ${path}: ${error.message}`));
        else resolve();
      });
    });
  }

  async write(content: Readable, path: string): Promise<void> {
    try {
      await pipeline(content, this.#sftp.createWriteStream(path), { signal: this.#signal });
    } catch (error) {
      this.#signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot write remote file ${path}: ${reason}`, { cause: error });
    }
  }
}
