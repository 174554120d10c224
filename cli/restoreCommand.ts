import { createInterface } from "node:readline/promises";
import { type RestoreTargets, restore } from "../recovery/restore.ts";
import type { Snapshot } from "../recovery/snapshotSource.ts";
import type { readTemplates } from "../templates/read.ts";

export interface RestoreCommand {
  stack: string;
  from?: string;
  list?: true;
  yes?: true;
  cwd: string;
}

/** The part of `quorum restore` that every platform has. */
export async function runRestore(
  options: RestoreCommand,
  targets: RestoreTargets,
  snapshot: Snapshot,
  templates: ReturnType<typeof readTemplates>,
): Promise<void> {
  const started = Date.now();
  const say = (line: string): void =>
    console.log(`${String(Math.round((Date.now() - started) / 1000)).padStart(4)} s  ${line}`);
  try {
    const result = await restore({
      targets,
      templates,
      snapshot,
      now: new Date(),
      confirm: (lines) => confirmed(options, lines),
      say,
    });
    if (!result.restored) {
      console.log("Nothing was changed.");
      return;
    }
    const { snapshot: before, now } = result.revisions ?? {};
    say(`restored: revision ${before} is now ${now}; ${result.nodes} nodes are ready`);
  } finally {
    snapshot.discard();
  }
}

async function confirmed({ yes, stack }: RestoreCommand, lines: string[]): Promise<boolean> {
  console.log(lines.join("\n"));
  if (yes) return true;
  if (!process.stdin.isTTY) throw new Error("restore asks before it acts: give --yes");
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await prompt.question(`Type the stack's name (${stack}) to go on: `);
  prompt.close();
  return answer.trim() === stack;
}
