import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ClusterConfig } from "../config/schema.ts";
import { rootStackOf } from "../engine/embedded/resourceState.ts";
import { StackSecrets } from "../engine/embedded/secrets.ts";
import { loadSnapshot, stateFile } from "../engine/embedded/stateStore.ts";
import { revealSecrets } from "../engine/embedded/values.ts";
import { loadProject } from "../engine/project.ts";
import { capturePulumi } from "../engine/pulumiCli.ts";
import { type EngineChoice, selectEngine } from "../engine/select.ts";
import { inputText } from "./inputFile.ts";
import { stackConfigOf } from "./stackConfig.ts";

export interface ClusterCommand {
  stack: string;
  engine?: EngineChoice;
  /** File that opens the cluster instead of the stack's output "kubeconfig". */
  kubeconfig?: string;
  cwd: string;
}

/**
 * Text of a kubeconfig: the file that was named, else the stack's output of that name.
 * @throws Error on a stack that has none, with what to say instead.
 */
export async function kubeconfigText(options: ClusterCommand): Promise<string> {
  if (options.kubeconfig !== undefined) return inputText(options.kubeconfig, "the kubeconfig");
  const output = await stackOutput(options);
  const text = typeof output === "string" ? output : JSON.stringify(output);
  if (text !== undefined && text !== "" && text !== "null") return text;
  throw new Error(
    `stack ${options.stack} has no output "kubeconfig": apply it first, or name a file with --kubeconfig`,
  );
}

async function stackOutput(options: ClusterCommand): Promise<unknown> {
  const { stack, cwd } = options;
  const engine = await selectEngine(options.engine, cwd, process.env);
  if (engine.kind === "pulumi") {
    const args = ["stack", "output", "--json", "--show-secrets", "--stack", stack];
    const text = await capturePulumi(engine.command, args, { root: cwd, env: process.env });
    return (JSON.parse(text) as Record<string, unknown>).kubeconfig;
  }
  const { name } = await loadProject(cwd);
  const file = stateFile(process.env, name, stack);
  const { resources } = await loadSnapshot(file, new StackSecrets(process.env));
  return revealSecrets(rootStackOf(resources)?.outputs.kubeconfig ?? null);
}

/** What the stack file asks for; undefined where there is none, since a cluster can be looked at without. */
export function stackConfig({ stack, cwd }: ClusterCommand): ClusterConfig | undefined {
  if (!existsSync(join(cwd, `Pulumi.${stack}.yaml`))) return undefined;
  return stackConfigOf(stack, cwd);
}
