import { existsSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { outputLines } from "../engine/display/outputs.ts";
import { changeSummary, shownSteps } from "../engine/display/previewJson.ts";
import { Progress } from "../engine/display/progress.ts";
import { paintFor, summaryLines } from "../engine/display/style.ts";
import { treeLines } from "../engine/display/tree.ts";
import type { ApplyOptions, ApplyResult } from "../engine/embedded/apply.ts";
import type { Step } from "../engine/embedded/planner.ts";
import type { ResourceState } from "../engine/embedded/resourceState.ts";
import { rootStackOf } from "../engine/embedded/resourceState.ts";
import { StackSecrets } from "../engine/embedded/secrets.ts";
import { takeLock } from "../engine/embedded/stateLock.ts";
import { stateFile } from "../engine/embedded/stateStore.ts";
import { loadProject, type Project, stackFile } from "../engine/project.ts";
import type { EngineChoice } from "../engine/select.ts";

export interface ApplyCommand {
  stack: string;
  engine?: EngineChoice;
  parallel: number;
  yes?: true;
  /** Findings about the change that may pass: "rule" or "rule:subject". */
  allow?: string[];
  cwd: string;
}

/** Exit code of a run that the user ended. */
const cancelledExitCode = 130;

/**
 * What `up`, `refresh` and `destroy` have in common: the lock, Ctrl-C (once: finish what is under
 * way; twice: abort), progress, and the closing lines.
 */
export async function runLocked(
  command: string,
  options: ApplyCommand,
  run: (apply: ApplyOptions, project: Project) => Promise<ApplyResult | undefined>,
): Promise<void> {
  const project = await loadProject(options.cwd);
  const { stack, parallel } = options;
  const state = stateFile(process.env, project.name, stack);
  // What is left of a stack whose file is gone can still be refreshed and destroyed.
  if (!existsSync(state) && !existsSync(stackFile(project, stack)))
    throw new Error(
      `there is no stack named ${JSON.stringify(stack)}: neither ${stackFile(project, stack)} nor a saved state exists`,
    );
  await new StackSecrets(process.env).requirePassphrase();
  const lock = await takeLock(state, `quorum ${command}`);
  const stop = new AbortController();
  const abort = new AbortController();
  const paint = paintFor(process.stdout, process.env);
  const progress = new Progress(process.stdout, paint);
  const interrupt = () => {
    if (stop.signal.aborted) return abort.abort(new Error("aborted"));
    progress.diagnostic({
      severity: "warning",
      message: "cancelled: waiting for what is under way; press Ctrl-C again to abort it",
      urn: undefined,
    });
    stop.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    const result = await run(
      {
        project,
        stack,
        parallel,
        env: process.env,
        observer: progress,
        stop: stop.signal,
        abort: abort.signal,
      },
      project,
    );
    progress.close();
    if (result === undefined) return;
    if (!result.succeeded) process.exitCode = stop.signal.aborted ? cancelledExitCode : 1;
    printResult(result, progress, stop.signal.aborted);
  } finally {
    progress.close();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
    await lock.release();
  }
}

function printResult(result: ApplyResult, progress: Progress, cancelled: boolean): void {
  const paint = paintFor(process.stdout, process.env);
  const lines = [""];
  if (result.succeeded) {
    const outputs = outputLines(rootStackOf(result.states)?.outputs ?? {});
    if (outputs.length > 0) lines.push(...outputs, "");
  }
  const said = summaryLines(changeSummary(result.steps), paint, "done");
  lines.push(...said, "", `Duration: ${progress.elapsedSeconds.toFixed(1)} s`);
  if (!result.succeeded) {
    const what = cancelled ? "Cancelled." : "Failed.";
    lines.push("", paint("red", `${what} What was done is saved; the same command carries on.`));
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Shows what is about to happen and, unless `--yes` was given, asks. */
export async function confirmed(
  options: ApplyCommand,
  question: string,
  steps: readonly Step[],
  states: readonly ResourceState[],
): Promise<boolean> {
  const paint = paintFor(process.stdout, process.env);
  const shown = shownSteps(steps, false);
  const lines = [
    ...treeLines(shown, states, paint),
    "",
    ...summaryLines(changeSummary(steps), paint),
  ];
  process.stdout.write(`${lines.join("\n")}\n\n`);
  if (options.yes) return true;
  if (!process.stdin.isTTY)
    throw new Error("this is no terminal: pass --yes to apply without a question");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} Only "yes" will do it: `);
  terminal.close();
  return answer.trim() === "yes";
}
