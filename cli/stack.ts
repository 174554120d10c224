import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { outputLines, outputText } from "../engine/display/outputs.ts";
import { writeAtomically } from "../engine/embedded/atomicFile.ts";
import { checkpointVersion, deploymentOf } from "../engine/embedded/checkpoint.ts";
import { encodeMasked, encodeWire } from "../engine/embedded/propertyCodec.ts";
import { rootStackOf } from "../engine/embedded/resourceState.ts";
import { StackSecrets } from "../engine/embedded/secrets.ts";
import { takeLock } from "../engine/embedded/stateLock.ts";
import { loadSnapshot, parseSnapshot, stateFile } from "../engine/embedded/stateStore.ts";
import { revealSecrets } from "../engine/embedded/values.ts";
import { loadProject } from "../engine/project.ts";
import { runPulumi } from "../engine/pulumiCli.ts";
import { type EngineChoice, selectEngine } from "../engine/select.ts";
import { plural } from "../proof/claim.ts";

export interface StackCommand {
  stack: string;
  engine?: EngineChoice;
  cwd: string;
  file?: string;
  json?: true;
  showSecrets?: true;
}

async function orPulumi(
  options: StackCommand,
  args: readonly string[],
  embedded: (file: string, project: string) => Promise<void>,
): Promise<void> {
  const engine = await selectEngine(options.engine, options.cwd, process.env);
  if (engine.kind === "pulumi") {
    const all = ["stack", ...args, "--stack", options.stack];
    process.exitCode = await runPulumi(engine.command, all, {
      root: options.cwd,
      env: process.env,
    });
    return;
  }
  const { name } = await loadProject(options.cwd);
  await embedded(stateFile(process.env, name, options.stack), name);
}

function fileArguments(options: StackCommand): string[] {
  return options.file === undefined ? [] : ["--file", options.file];
}

/** `quorum stack export`: the state as `pulumi stack import` takes it; secrets stay sealed. */
export async function exportStack(options: StackCommand): Promise<void> {
  await orPulumi(options, ["export", ...fileArguments(options)], async (file) => {
    const deployment = deploymentOf(JSON.parse(await readState(file, options.stack)));
    const text = `${JSON.stringify({ version: checkpointVersion, deployment }, null, 4)}\n`;
    if (options.file === undefined) process.stdout.write(text);
    else await writeFile(options.file, text, { mode: 0o600 });
  });
}

/** `quorum stack import`: replaces the state by an export of either engine. */
export async function importStack(options: StackCommand): Promise<void> {
  await orPulumi(options, ["import", ...fileArguments(options)], async (file, project) => {
    const name = options.file ?? "standard input";
    const content = await readFile(options.file ?? "/dev/stdin", "utf8");
    const snapshot = await parseSnapshot(content, name, new StackSecrets(process.env));
    const prefix = `urn:pulumi:${options.stack}::${project}::`;
    const foreign = snapshot.resources.filter(({ urn }) => !urn.startsWith(prefix));
    if (foreign.length > 0) {
      const list = foreign.slice(0, 5).map(({ urn }) => `  ${urn}`);
      throw new Error(`${name} is of another stack or project:\n${list.join("\n")}`);
    }
    const lock = await takeLock(file, "quorum stack import");
    try {
      const checkpoint = {
        stack: `organization/${project}/${options.stack}`,
        latest: deploymentOf(JSON.parse(content)),
      };
      const text = JSON.stringify({ version: checkpointVersion, checkpoint });
      await writeAtomically(file, `${text}\n`);
    } finally {
      await lock.release();
    }
    process.stdout.write(`${plural(snapshot.resources.length, "resource")} imported\n`);
  });
}

/** `quorum stack output [name]`: outputs of the stack; secrets masked unless asked for. */
export async function stackOutput(name: string | undefined, options: StackCommand): Promise<void> {
  const args = [
    "output",
    ...(name === undefined ? [] : [name]),
    ...(options.json ? ["--json"] : []),
    ...(options.showSecrets ? ["--show-secrets"] : []),
  ];
  await orPulumi(options, args, async (file) => {
    if (!existsSync(file)) throw neverApplied(file, options.stack);
    const { resources } = await loadSnapshot(file, new StackSecrets(process.env));
    const outputs = { ...rootStackOf(resources)?.outputs };
    if (options.showSecrets) {
      for (const key of Object.keys(outputs)) outputs[key] = revealSecrets(outputs[key] ?? null);
    }
    if (name === undefined && !options.json) {
      process.stdout.write(`${outputLines(outputs).join("\n") || "no outputs"}\n`);
      return;
    }
    if (name !== undefined && !Object.hasOwn(outputs, name)) {
      throw new Error(`stack ${options.stack} has no output ${JSON.stringify(name)}`);
    }
    const value = name === undefined ? outputs : (outputs[name] ?? null);
    const bare = name !== undefined && !options.json && typeof value === "string";
    const encode = options.showSecrets ? encodeWire : encodeMasked;
    const text = bare
      ? value
      : options.json
        ? JSON.stringify(encode(value), null, 2)
        : outputText(value, true);
    process.stdout.write(`${text}\n`);
  });
}

async function readState(file: string, stack: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw neverApplied(file, stack);
  }
}

function neverApplied(file: string, stack: string): Error {
  return new Error(`nothing was applied to stack ${stack} yet: ${file} does not exist`);
}
