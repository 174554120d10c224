import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { HostsConfig } from "../../config/schema.ts";
import { planHosts } from "../../design/hosts.ts";
import { readTemplates } from "../../templates/read.ts";
import { HostsCluster } from "./cluster.ts";

/**
 * Registers everything of a stack of platform "hosts".
 * @throws pulumi.RunError when the SSH key cannot be read; a preview does without it.
 */
export function hostsStack(config: HostsConfig): HostsCluster {
  const templates = readTemplates();
  return new HostsCluster(config.name, {
    plan: planHosts(config, templates),
    templates,
    ssh: config.ssh,
    privateKey: readPrivateKey(config.ssh.privateKeyFile),
  });
}

function readPrivateKey(file: string): pulumi.Input<string> {
  const path = resolve(pulumi.runtime.getStack() === "" ? "." : process.cwd(), file);
  if (existsSync(path)) return pulumi.secret(readFileSync(path, "utf8"));
  // The hosts, or the lab's machines, may not be there yet when their plan is looked at.
  if (pulumi.runtime.isDryRun()) return pulumi.secret("");
  throw new pulumi.RunError(
    `quorum:ssh.privateKeyFile = ${file}: no such file. Give the key that opens the hosts.`,
  );
}
