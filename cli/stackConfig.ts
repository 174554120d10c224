import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ConfigError } from "../config/errors.ts";
import { parseConfig } from "../config/parse.ts";
import type { ClusterConfig, Ec2Config } from "../config/schema.ts";
import { rawConfigOfStackFile } from "../config/stackFile.ts";

/**
 * What a stack's file asks for; `stack` is a name, or a file that ends in .yaml.
 * @throws Error that names the file where there is none, or something is wrong with it.
 */
export function stackConfigOf(stack: string, cwd: string): ClusterConfig {
  const file = stack.endsWith(".yaml") ? stack : join(cwd, `Pulumi.${stack}.yaml`);
  if (!existsSync(file))
    throw new Error(`there is no stack named ${JSON.stringify(stack)}: ${file} does not exist`);
  try {
    return parseConfig(rawConfigOfStackFile(readFileSync(file, "utf8")));
  } catch (error) {
    if (error instanceof ConfigError) throw new Error(error.report(basename(file)));
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws Error when the stack is for another platform than "ec2". */
export function ec2ConfigOf(stack: string, cwd: string, command: string): Ec2Config {
  const config = stackConfigOf(stack, cwd);
  if (config.platform === "ec2") return config;
  throw new Error(`${command} is for platform "ec2"; stack ${stack} is for "${config.platform}"`);
}
