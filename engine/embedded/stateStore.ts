import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import {
  decodeDeployment,
  deploymentOf,
  emptySnapshot,
  type Snapshot,
  saltOf,
} from "./checkpoint.ts";
import type { SecretSealer } from "./propertyCodec.ts";
import type { StackSecrets } from "./secrets.ts";

/** Where the embedded engine keeps a stack: QUORUM_STATE_DIR, or the user's state folder. */
export function stateFile(env: NodeJS.ProcessEnv, project: string, stack: string): string {
  const folder =
    env.QUORUM_STATE_DIR ?? path.join(env.HOME ?? homedir(), ".local", "state", "quorum");
  return path.join(folder, project, `${stack}.json`);
}

/** The saved state of a stack; an empty one where nothing was ever applied. */
export async function loadSnapshot(file: string, secrets: StackSecrets): Promise<Snapshot> {
  let content: string;
  try {
    content = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return emptySnapshot;
    throw error;
  }
  return parseSnapshot(content, file, secrets);
}

/** Reads a checkpoint or an export. `name` stands in errors. */
export async function parseSnapshot(
  content: string,
  name: string,
  secrets: StackSecrets,
): Promise<Snapshot> {
  try {
    const deployment = deploymentOf(JSON.parse(content));
    const saltText = saltOf(deployment);
    const sealed = content.includes('"ciphertext"');
    const sealer = sealed && saltText !== undefined ? await secrets.forSalt(saltText) : noSealer;
    return decodeDeployment(deployment, sealer);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

const noSealer: SecretSealer = {
  seal() {
    throw new Error("no salt to seal a secret under");
  },
  open() {
    throw new Error("a secret is sealed, but the state names no salt");
  },
};
