import { runPulumi } from "../engine/pulumiCli.ts";
import type { ApplyCommand } from "./applyCommands.ts";

/** Lets the Pulumi CLI do it, with the options that it knows by the same names. */
export async function handOver(
  command: string,
  verb: "up" | "refresh" | "destroy",
  options: ApplyCommand,
): Promise<void> {
  const args = [verb, "--stack", options.stack, "--parallel", String(options.parallel)];
  if (options.yes) args.push("--yes");
  process.exitCode = await runPulumi(command, args, { root: options.cwd, env: process.env });
}
