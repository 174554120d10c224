import type { EngineChoice } from "../engine/select.ts";
import { plannedResources, violationLines, violations } from "../policy/check.ts";
import { savedPlan } from "./inputFile.ts";

export interface PolicyCommand {
  stack: string;
  engine?: EngineChoice;
  cwd: string;
  preview?: string;
  json?: true;
}

/** `quorum policy`. Exit code 1 when a mandatory rule is broken, 3 when there is no plan to judge. */
export async function policy(options: PolicyCommand): Promise<void> {
  const preview =
    options.preview === undefined
      ? await (await import("./plannedPreview.ts")).plannedPreview({ ...options, fresh: true })
      : await savedPlan(options.preview);
  const found = violations(plannedResources(preview));
  if (options.json) console.log(JSON.stringify(found, null, 2));
  else if (found.length === 0) console.log(`stack ${options.stack} keeps every rule`);
  else console.log(violationLines(found).join("\n"));
  if (found.some(({ level }) => level === "mandatory")) process.exitCode = 1;
}
