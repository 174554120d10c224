import { join } from "node:path";

/** Where toolchain, host image and remembered durations live; may be deleted at any time. */
export function cacheDir(): string {
  return process.env.QUORUM_CACHE_DIR ?? "/var/cache/quorum";
}

/** Folder of all labs of this computer. */
export function labsDir(): string {
  return process.env.QUORUM_LABS_DIR ?? "/var/lib/quorum/labs";
}

/** Folder of one lab: everything that its machines are made of, mode 0700. */
export function labDir(labName: string): string {
  return join(labsDir(), labName);
}

export function sshKeyFile(labName: string): string {
  return join(labDir(labName), "ssh", "id_ed25519");
}

export function knownHostsFile(labName: string): string {
  return join(labDir(labName), "ssh", "known_hosts");
}

export function passphraseFile(labName: string): string {
  return join(labDir(labName), "passphrase");
}

/** Everything of one machine, by purpose. */
export interface MachinePaths {
  dir: string;
  /** Mount point of the machine's root file system. */
  root: string;
  upper: string;
  work: string;
  /** Its data disks, outside the root file system. */
  disks: string;
  console: string;
}

export function machinePaths(labName: string, machineName: string): MachinePaths {
  const dir = join(labDir(labName), "machines", machineName);
  return {
    dir,
    root: join(dir, "root"),
    upper: join(dir, "upper"),
    work: join(dir, "work"),
    disks: join(dir, "disks"),
    console: join(dir, "console.log"),
  };
}
