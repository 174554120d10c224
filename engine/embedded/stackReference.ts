import { readFile } from "node:fs/promises";
import path from "node:path";
import { rootStackOf } from "./resourceState.ts";
import type { StackSecrets } from "./secrets.ts";
import { loadSnapshot, stateFile } from "./stateStore.ts";
import type { Outputs } from "./value.ts";

/**
 * Reads outputs of other stacks; names are `stack` or `organization/project/stack`. Those of stacks
 * that another engine runs can be given: `QUORUM_STACK_OUTPUTS` names a folder of files
 * `<stack>.json`, as `pulumi stack output --json` prints them. All others are kept on this machine.
 */
export function stackOutputsFrom(env: NodeJS.ProcessEnv, project: string, secrets: StackSecrets) {
  return async (name: string): Promise<Outputs | undefined> => {
    const parts = name.split("/");
    const stack = parts.at(-1) ?? name;
    const owner = parts.at(-2) ?? project;
    if ([stack, owner].some((part) => part === "" || part.startsWith("."))) return undefined;
    const given = await givenOutputs(env, stack);
    if (given !== undefined) return given;
    const snapshot = await loadSnapshot(stateFile(env, owner, stack), secrets);
    return rootStackOf(snapshot.resources)?.outputs;
  };
}

async function givenOutputs(env: NodeJS.ProcessEnv, stack: string): Promise<Outputs | undefined> {
  const folder = env.QUORUM_STACK_OUTPUTS;
  if (folder === undefined || folder === "") return undefined;
  const file = path.join(folder, `${stack}.json`);
  try {
    return JSON.parse(await readFile(file, "utf8")) as Outputs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`${file} cannot be read as outputs of a stack: ${(error as Error).message}`);
  }
}
