import { accessSync, constants } from "node:fs";
import { passphraseFile } from "../lab/paths.ts";

/**
 * The state of a lab's stack is sealed under a passphrase that the lab made for itself: it is used
 * wherever that lab is on this computer, may be read, and no other passphrase is given.
 */
export function useLabPassphrase(stack: string, env: NodeJS.ProcessEnv): void {
  if (env.PULUMI_CONFIG_PASSPHRASE !== undefined) return;
  if (env.PULUMI_CONFIG_PASSPHRASE_FILE !== undefined) return;
  const file = passphraseFile(stack);
  try {
    accessSync(file, constants.R_OK);
  } catch {
    return;
  }
  env.PULUMI_CONFIG_PASSPHRASE_FILE = file;
}
