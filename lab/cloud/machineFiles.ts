import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { MachinePaths } from "../paths.ts";
import { run } from "../process.ts";

const source = join(import.meta.dirname, "machine");

/** cloud-init's units in the order of its stages; the first sets up the network, which a lab does itself. */
const stages = ["cloud-init", "cloud-config", "cloud-final"];
/** Not wanted here: a way in that the stack does not have, and network set-up. */
const masked = [
  "ssh.service",
  "ssh.socket",
  "cloud-init-local.service",
  "cloud-init-hotplugd.socket",
];

/**
 * Makes of a lab machine's root, before its first boot, what a machine image for EC2 is: cloud-init
 * looks for EC2's metadata, no SSH, and the emulated AWS's authority is trusted.
 */
export async function layCloudFiles(paths: MachinePaths, authority: string): Promise<void> {
  const put = (file: string, path: string) => {
    const target = join(paths.upper, path);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target);
  };
  put(join(source, "95_lab.cfg"), "etc/cloud/cloud.cfg.d/95_lab.cfg");
  put(join(source, "sitecustomize.py"), "usr/local/lib/quorum-lab/dmi/sitecustomize.py");
  const units = "etc/systemd/system";
  for (const stage of stages) {
    put(join(source, "cloud-init.conf"), `${units}/${stage}.service.d/lab.conf`);
  }
  put(join(source, "quorum-boot.conf"), `${units}/quorum-boot.service.d/lab.conf`);
  for (const unit of masked) symlinkSync("/dev/null", join(paths.upper, units, unit));
  // OpenSSL finds an authority by the hash of its name.
  const { stdout } = await run("openssl", ["x509", "-in", authority, "-noout", "-hash"]);
  put(authority, `etc/ssl/certs/${stdout.trim()}.0`);
}
