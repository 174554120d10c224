import { changeSummary, shownSteps } from "../engine/display/previewJson.ts";
import type { Paint } from "../engine/display/style.ts";
import { type PreviewResult, previewStack } from "../engine/embedded/preview.ts";
import { rootStackOf } from "../engine/embedded/resourceState.ts";
import { loadProject } from "../engine/project.ts";
import type { PreviewCommand } from "./preview.ts";

/** Runs the embedded preview and prints it in the form that was asked for. */
export async function runEmbeddedPreview(options: PreviewCommand): Promise<void> {
  await cancellable(async (signal) => {
    const project = await loadProject(options.cwd);
    const { stack, parallel } = options;
    const fresh = options.fresh === true;
    const result = await previewStack({
      project,
      stack,
      parallel,
      fresh,
      env: process.env,
      signal,
    });
    if (!result.succeeded) process.exitCode = 1;
    await printPreview(options, result, `Previewing update (${stack}), embedded engine:`);
  });
}

/** Runs something that Ctrl-C ends at once. */
export async function cancellable(use: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const cancel = new AbortController();
  const abort = () => cancel.abort(new Error("cancelled"));
  process.once("SIGINT", abort);
  process.once("SIGTERM", abort);
  try {
    await use(cancel.signal);
  } finally {
    process.off("SIGINT", abort);
    process.off("SIGTERM", abort);
  }
}

/** Prints a preview as JSON, as a tree, or with every property. */
export async function printPreview(
  options: PreviewCommand,
  result: PreviewResult,
  title: string,
): Promise<void> {
  if (options.json) {
    const { previewJson } = await import("../engine/display/previewJson.ts");
    write(JSON.stringify(previewJson(result, options.showSames === true), null, 2));
    printDiagnostics(result, process.stderr);
    return;
  }
  const { paintFor, summaryLines } = await import("../engine/display/style.ts");
  const paint = paintFor(process.stdout, process.env);
  const shown = shownSteps(result.steps, options.showSames === true);
  write(paint("bold", title), "");
  if (options.diff) {
    const { diffLines } = await import("../engine/display/diffText.ts");
    write(...diffLines(shown, paint));
  } else {
    const { treeLines } = await import("../engine/display/tree.ts");
    write(...treeLines(shown, result.states, paint), "");
  }
  printDiagnostics(result, process.stdout);
  if (!result.succeeded) return;
  const { outputLines } = await import("../engine/display/outputs.ts");
  const lines = outputLines(rootStackOf(result.states)?.outputs ?? {});
  if (lines.length > 0) write(...lines, "");
  write(...summaryLines(changeSummary(result.steps), paint), "");
  await printPolicies(result, paint);
  write(`Duration: ${result.durationSeconds.toFixed(1)} s`);
}

/** What breaks a rule of the policy pack. A mandatory rule fails the preview, as with the CLI. */
async function printPolicies(result: PreviewResult, paint: Paint): Promise<void> {
  const { violationLines, violations } = await import("../policy/check.ts");
  const planned = result.states.map(({ urn, type, inputs, protect, retainOnDelete }) => {
    const name = urn.slice(urn.lastIndexOf("::") + 2);
    return { urn, type, name, inputs, protect, retainOnDelete };
  });
  const found = violations(planned);
  if (found.length === 0) return;
  const isMandatory = found.some(({ level }) => level === "mandatory");
  if (isMandatory) process.exitCode = 1;
  write("Policy violations:");
  for (const line of violationLines(found)) {
    write(`    ${paint(line.startsWith("[mandatory]") ? "red" : "yellow", line)}`);
  }
  write("");
}

function printDiagnostics(result: PreviewResult, stream: NodeJS.WriteStream): void {
  if (result.diagnostics.length === 0) return;
  stream.write("Diagnostics:\n");
  for (const { severity, message, urn } of result.diagnostics) {
    if (urn !== undefined) stream.write(`  ${urn}:\n`);
    const text = severity === "info" ? message : `${severity}: ${message}`;
    for (const line of text.trimEnd().split("\n")) stream.write(`    ${line}\n`);
  }
  stream.write("\n");
}

function write(...lines: string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
