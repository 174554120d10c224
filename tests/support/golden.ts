import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { MachineStep } from "../../design/machine.ts";

const folder = join(import.meta.dirname, "..", "golden");

/**
 * Compares a text with the file of this name under tests/golden/. QUORUM_UPDATE_GOLDEN=1 writes the
 * files instead: read the difference before it is committed.
 */
export function assertGolden(name: string, actual: string): void {
  const file = join(folder, name);
  if (process.env.QUORUM_UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
    return;
  }
  assert.ok(existsSync(file), `${file} is missing: run with QUORUM_UPDATE_GOLDEN=1 and read it`);
  assert.equal(actual, readFileSync(file, "utf8"), `${name} differs from what was reviewed`);
}

/** All that a step puts on a machine and that depends on the plan: static scripts by name only. */
export function stepText(step: MachineStep): string {
  const files = step.files.map(({ path, mode, text }) =>
    mode === "0755" ? `### ${mode} ${path}\n` : `### ${mode} ${path}\n${text}`,
  );
  return `# ${step.name}: ${step.script}${step.oneAtATime ? ", one at a time" : ""}\n${files.join("\n")}`;
}
