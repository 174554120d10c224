import { findPulumiCli } from "./pulumiCli.ts";

export type Engine = { kind: "embedded" } | { kind: "pulumi"; command: string };

export type EngineChoice = "embedded" | "pulumi" | undefined;

/**
 * Which engine runs a stack: the one asked for, else the Pulumi CLI where it is installed, else the
 * embedded one. Throws when the CLI is asked for and missing.
 */
export async function selectEngine(
  choice: EngineChoice,
  root: string,
  env: NodeJS.ProcessEnv,
): Promise<Engine> {
  if (choice === "embedded") return { kind: "embedded" };
  const command = await findPulumiCli(root, env);
  if (command !== undefined) return { kind: "pulumi", command };
  if (choice === undefined) return { kind: "embedded" };
  throw new Error(
    "the Pulumi CLI is not installed: neither node_modules/.bin/pulumi nor `pulumi` on PATH; install it, or use --engine embedded",
  );
}
