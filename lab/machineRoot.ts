import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { knownHostsFile, labDir, machinePaths, sshKeyFile } from "./paths.ts";
import { run } from "./process.ts";
import { gatewayOf, type LabSpec } from "./spec.ts";

/** Key by which everyone reaches the machines of a lab; made once. */
export async function ensureSshKey(lab: string): Promise<void> {
  const file = sshKeyFile(lab);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file) || !existsSync(`${file}.pub`)) await generateKey(file, `quorum lab ${lab}`);
}

async function generateKey(file: string, comment: string): Promise<void> {
  rmSync(file, { force: true });
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file]);
}

/** File that only its owner may read, below a machine's root. */
function write(file: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
  chmodSync(file, mode);
}

/** What distinguishes one machine from another before anything provisions it; written once. */
export async function prepareRoot(spec: LabSpec, name: string): Promise<void> {
  const paths = machinePaths(spec.name, name);
  for (const dir of [paths.root, paths.upper, paths.work, paths.disks]) {
    mkdirSync(dir, { recursive: true });
  }
  chmodSync(paths.upper, 0o755);
  const done = join(paths.dir, "prepared");
  if (existsSync(done)) return;
  const upper = (file: string) => join(paths.upper, file);
  write(upper("etc/hostname"), `${name}\n`);
  write(upper("etc/hosts"), `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${name}\n`);
  // Without a cloud nobody answers there: the lab has no way out. It keeps resolvers off localhost.
  write(upper("etc/resolv.conf"), `nameserver ${gatewayOf(spec)}\n`);
  const publicKey = readFileSync(`${sshKeyFile(spec.name)}.pub`, "utf8");
  mkdirSync(upper("root/.ssh"), { recursive: true });
  chmodSync(upper("root"), 0o700);
  chmodSync(upper("root/.ssh"), 0o700);
  write(upper("root/.ssh/authorized_keys"), publicKey, 0o600);
  mkdirSync(upper("etc/ssh"), { recursive: true });
  await generateKey(upper("etc/ssh/ssh_host_ed25519_key"), name);
  writeFileSync(done, "");
}

/** File by which ssh knows every machine of the lab, by address and by name. */
export function writeKnownHosts(spec: LabSpec): void {
  const lines = Object.entries(spec.hosts).flatMap(([name, host]) => {
    const upper = machinePaths(spec.name, name).upper;
    const file = join(upper, "etc/ssh/ssh_host_ed25519_key.pub");
    if (!existsSync(file)) return [];
    const [type, key] = readFileSync(file, "utf8").split(" ");
    return [`${name},${host.address} ${type} ${key}`];
  });
  mkdirSync(join(labDir(spec.name), "ssh"), { recursive: true, mode: 0o700 });
  writeFileSync(knownHostsFile(spec.name), `${lines.join("\n")}\n`, { mode: 0o600 });
}
