import type { MachineFile, MachinePlan, MachineStep } from "../machine.ts";
import { script, unit } from "./pki.ts";
import type { Templates } from "./template.ts";

/**
 * What carries out a bundle on a machine: installed before the first step, by the unpacker.
 * In the bundle it belongs to a step named "-".
 */
export function bundleRunner(templates: Templates): MachineFile[] {
  return [
    script(templates, "node/quorum-apply.sh", "/usr/local/bin/quorum-apply"),
    unit(templates, "node/quorum-apply.service"),
  ];
}

/**
 * One machine's files and steps as one text, which `templates/node/unpack.sh` understands with sh
 * and awk alone: a person can read it, and a preview shows which lines of which file change.
 * @throws Error when two steps own one file, a script is not among its files, or a file's text
 *   does not end in a newline.
 */
export function renderBundle(templates: Templates, machine: MachinePlan): string {
  const runner = bundleRunner(templates);
  check(machine, runner);
  const lines = [
    "quorum-bundle 1",
    `machine ${machine.name}`,
    ...machine.steps.map(stepLine),
    ...runner.flatMap((file) => fileLines("-", file)),
    ...machine.steps.flatMap((step) => step.files.flatMap((file) => fileLines(step.name, file))),
  ];
  return `${lines.join("\n")}\nend ${lines.length}\n`;
}

function stepLine({ name, script: path, oneAtATime }: MachineStep): string {
  return `step ${name} ${path} ${oneAtATime ? "one" : "many"}`;
}

/** The lines are spread, so that the count at the end is of lines and not of files. */
function fileLines(step: string, { path, mode, text }: MachineFile): string[] {
  const lines = text.slice(0, -1).split("\n");
  return [`file ${step} ${mode} ${lines.length} ${path}`, ...lines];
}

function check(machine: MachinePlan, runner: readonly MachineFile[]): void {
  const owners = new Map(runner.map(({ path }) => [path, "-"]));
  for (const { name, script: path, files } of machine.steps) {
    if (!files.some((file) => file.path === path)) {
      throw new Error(`step ${name} of ${machine.name} does not bring its script ${path}`);
    }
    for (const file of files) {
      const owner = owners.get(file.path);
      if (owner !== undefined) {
        throw new Error(
          `${file.path} on ${machine.name} belongs to two steps, ${owner} and ${name}`,
        );
      }
      owners.set(file.path, name);
      if (!file.text.endsWith("\n") || !/^\/[\w@%+=:,./-]+$/.test(file.path)) {
        throw new Error(
          `${file.path} on ${machine.name} has no newline at its end, or a path with blanks`,
        );
      }
    }
  }
}
