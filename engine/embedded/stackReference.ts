import { rootStackOf } from "./resourceState.ts";
import type { StackSecrets } from "./secrets.ts";
import { loadSnapshot, stateFile } from "./stateStore.ts";
import type { Outputs } from "./value.ts";

/** Reads outputs of other stacks kept on this machine; names are `stack` or `organization/project/stack`. */
export function stackOutputsFrom(env: NodeJS.ProcessEnv, project: string, secrets: StackSecrets) {
  return async (name: string): Promise<Outputs | undefined> => {
    const parts = name.split("/");
    const stack = parts.at(-1) ?? name;
    const owner = parts.at(-2) ?? project;
    if ([stack, owner].some((part) => part === "" || part.startsWith("."))) return undefined;
    const snapshot = await loadSnapshot(stateFile(env, owner, stack), secrets);
    return rootStackOf(snapshot.resources)?.outputs;
  };
}
