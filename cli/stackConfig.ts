import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../config/parse.ts";
import type { ClusterConfig, Ec2Config } from "../config/schema.ts";
import { rawConfigOfStackFile } from "../config/stackFile.ts";

/** What a stack's file asks for; `stack` is a name, or a file that ends in .yaml. */
export function stackConfigOf(stack: string, cwd: string): ClusterConfig {
  const file = stack.endsWith(".yaml") ? stack : join(cwd, `Pulumi.${stack}.yaml`);
  return parseConfig(rawConfigOfStackFile(readFileSync(file, "utf8")));
}

/** @throws Error when the stack is for another platform than "ec2". */
export function ec2ConfigOf(stack: string, cwd: string, command: string): Ec2Config {
  const config = stackConfigOf(stack, cwd);
  if (config.platform === "ec2") return config;
  throw new Error(`${command} is for platform "ec2"; stack ${stack} is for "${config.platform}"`);
}
