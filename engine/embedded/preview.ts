import {
  disabledDefaultProviders,
  loadStackConfig,
  type Project,
  type StackConfig,
} from "../project.ts";
import { Deployment, type DeploymentOptions } from "./deployment.ts";
import type { ProgramExit } from "./languageHost.ts";
import type { Diagnostic, Observer } from "./observer.ts";
import type { Step } from "./planner.ts";
import { previewExecutor } from "./previewExecutor.ts";
import { runProgram } from "./programRun.ts";
import { providerFor } from "./providers/index.ts";
import type { ResourceState } from "./resourceState.ts";
import { StackSecrets } from "./secrets.ts";
import { stackOutputsFrom } from "./stackReference.ts";
import { loadSnapshot, stateFile } from "./stateStore.ts";

export interface PreviewOptions {
  project: Project;
  stack: string;
  env: NodeJS.ProcessEnv;
  parallel: number;
  /** Do not compare with the saved state: everything that the program asks for is a creation. */
  fresh: boolean;
  signal: AbortSignal;
  onDiagnostic?(diagnostic: Diagnostic): void;
  /** Kinds served besides the engine's own; for tests. */
  providerFor?: DeploymentOptions["providerFor"];
  /** Runs the program in another way than as a process; for tests. */
  runProgram?: typeof runProgram;
}

/** What a run of the program would do. */
export interface PreviewResult {
  project: string;
  stack: string;
  config: StackConfig;
  steps: Step[];
  /** Resources as they would be. */
  states: ResourceState[];
  diagnostics: Diagnostic[];
  succeeded: boolean;
  durationSeconds: number;
}

/** Runs the program against the saved state without touching anything. */
export async function previewStack(options: PreviewOptions): Promise<PreviewResult> {
  const started = performance.now();
  const { project, stack, env } = options;
  const secrets = new StackSecrets(env);
  const config = await loadStackConfig(project, stack, (salt) => secrets.forSalt(salt));
  const diagnostics: Diagnostic[] = [];
  const observer = collectingObserver(diagnostics, options.onDiagnostic);
  const loaded = options.fresh
    ? Promise.resolve([])
    : loadSnapshot(stateFile(env, project.name, stack), secrets).then(({ resources }) => resources);
  const deployment = loaded.then(
    (olds) =>
      new Deployment({
        project: project.name,
        stack,
        root: project.root,
        olds,
        config: config.values,
        disabledDefaultProviders: disabledDefaultProviders(config),
        providerFor: options.providerFor ?? providerFor,
        dryRun: true,
        stackOutputs: stackOutputsFrom(env, project.name, secrets),
        executor: previewExecutor,
        observer,
        signal: options.signal,
      }),
  );
  const exit = await (options.runProgram ?? runProgram)({
    ...options,
    config,
    dryRun: true,
    deployment,
    diagnostic: observer.diagnostic,
  });
  const run = await deployment;
  const succeeded = await finish(run, exit, observer);
  return {
    project: project.name,
    stack,
    config,
    steps: run.steps,
    states: [...run.states.values()],
    diagnostics,
    succeeded,
    durationSeconds: (performance.now() - started) / 1000,
  };
}

/** Deletions follow only a program that ended well. Returns whether all went well. */
export async function finish(
  run: Deployment,
  exit: ProgramExit,
  observer: Observer,
): Promise<boolean> {
  if (run.stopped !== undefined) return false;
  if (!exit.succeeded) {
    if (!exit.reported) {
      const message = `the program ended with ${exit.description}`;
      observer.diagnostic({ severity: "error", message, urn: undefined });
    }
    return false;
  }
  try {
    await run.finish();
    return true;
  } catch {
    return false;
  }
}

function collectingObserver(
  diagnostics: Diagnostic[],
  onDiagnostic: PreviewOptions["onDiagnostic"],
): Observer {
  return {
    stepStarted() {},
    stepDone() {},
    stepFailed() {},
    diagnostic(diagnostic) {
      diagnostics.push(diagnostic);
      onDiagnostic?.(diagnostic);
    },
  };
}
