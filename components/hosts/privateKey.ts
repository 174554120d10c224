import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/**
 * Text of the SSH key that opens the hosts, as a secret.
 * @throws pulumi.RunError when it cannot be read; a preview does without it.
 */
export function readPrivateKey(file: string): pulumi.Input<string> {
  const path = resolve(file);
  if (existsSync(path)) return pulumi.secret(readFileSync(path, "utf8"));
  // The hosts, or the lab's machines, may not be there yet when their plan is looked at.
  if (pulumi.runtime.isDryRun()) return pulumi.secret("");
  throw new pulumi.RunError(
    `quorum:ssh.privateKeyFile = ${file}: no such file. Give the key that opens the hosts.`,
  );
}
