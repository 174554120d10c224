import { stripVTControlCharacters } from "node:util";
import { changeSummary, shownSteps } from "../engine/display/previewJson.ts";
import { compareStates } from "../engine/embedded/compare.ts";
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
  const broken = await brokenRules(result);
  if (broken.length > 0) {
    const lines = broken.map((line) =>
      paint(line.startsWith("[mandatory]") ? "red" : "yellow", line),
    );
    write("Policy violations:", ...lines.map((line) => `    ${line}`), "");
  }
  write(`Duration: ${result.durationSeconds.toFixed(1)} s`);
}

/** Prints a preview as the body of a comment. */
export async function printMarkdown(title: string, result: PreviewResult): Promise<void> {
  const { markdownFailure, markdownReport } = await import("../engine/display/markdown.ts");
  const body = result.succeeded
    ? markdownReport(title, result.steps, await brokenRules(result))
    : markdownFailure(title, errorsOf(result));
  process.stdout.write(body);
}

export function errorsOf({ diagnostics }: PreviewResult): string[] {
  return diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message);
}

/** What breaks a rule of the policy pack. A mandatory rule fails the preview, as with the CLI. */
export async function brokenRules(result: PreviewResult): Promise<string[]> {
  const { plannedResources, violationLines, violations } = await import("../policy/check.ts");
  const { stepJson } = await import("../engine/display/previewJson.ts");
  // As `quorum policy` reads them: rules see no secret, and both say the same.
  const steps = compareStates([], result.states).map(stepJson);
  const found = violations(plannedResources({ steps }));
  if (found.some(({ level }) => level === "mandatory")) process.exitCode = 1;
  return violationLines(found);
}

function printDiagnostics(result: PreviewResult, stream: NodeJS.WriteStream): void {
  if (result.diagnostics.length === 0) return;
  stream.write("Diagnostics:\n");
  for (const { severity, message: coloured, urn } of result.diagnostics) {
    if (urn !== undefined) stream.write(`  ${urn}:\n`);
    const message = stream.isTTY ? coloured : stripVTControlCharacters(coloured);
    const text = severity === "info" ? message : `${severity}: ${message}`;
    for (const line of text.trimEnd().split("\n")) stream.write(`    ${line}\n`);
  }
  stream.write("\n");
}

function write(...lines: string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
