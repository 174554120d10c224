import {
  disabledDefaultProviders,
  loadStackConfig,
  type Project,
  type StackConfig,
} from "../project.ts";
import { ApplyExecutor } from "./applyExecutor.ts";
import type { PendingOperation, Snapshot } from "./checkpoint.ts";
import { Deployment, type DeploymentOptions } from "./deployment.ts";
import { reconcileInterrupted } from "./interrupted.ts";
import { LiveSnapshot } from "./liveSnapshot.ts";
import type { Observer } from "./observer.ts";
import type { Step } from "./planner.ts";
import { finish } from "./preview.ts";
import { runProgram } from "./programRun.ts";
import { providerFor as ownProviderFor, supportedTypes } from "./providers/index.ts";
import { needsProvider, type ResourceState } from "./resourceState.ts";
import { StackSecrets } from "./secrets.ts";
import { stackOutputsFrom } from "./stackReference.ts";
import { loadSnapshot, stateFile } from "./stateStore.ts";
import { nameOf, stackReferenceType } from "./urn.ts";

export interface ApplyOptions {
  project: Project;
  stack: string;
  env: NodeJS.ProcessEnv;
  parallel: number;
  observer: Observer;
  /** First wish to end: what is under way finishes, nothing new starts. */
  stop: AbortSignal;
  /** Second wish: operations under way are aborted. */
  abort: AbortSignal;
  /** Kinds served instead of the engine's own; for tests. */
  providerFor?: DeploymentOptions["providerFor"];
  /** Runs the program in another way than as a process; for tests. */
  runProgram?: typeof runProgram;
}

export interface ApplyResult {
  succeeded: boolean;
  steps: Step[];
  states: ResourceState[];
}

/** A stack opened to be changed: its config, its state and the key to its secrets. */
interface OpenStack {
  config: StackConfig;
  snapshot: Snapshot;
  live: LiveSnapshot;
  secrets: StackSecrets;
}

async function openStack(options: ApplyOptions, withConfig: boolean): Promise<OpenStack> {
  const { project, stack, env } = options;
  const secrets = new StackSecrets(env);
  const config = withConfig
    ? await loadStackConfig(project, stack, (salt) => secrets.forSalt(salt))
    : { values: {}, secretKeys: [], saltText: undefined };
  const file = stateFile(env, project.name, stack);
  const snapshot = await loadSnapshot(file, secrets);
  const existing = snapshot.saltText ?? config.saltText;
  const { saltText, sealer } =
    existing === undefined
      ? await secrets.create()
      : { saltText: existing, sealer: await secrets.forSalt(existing) };
  const target = { file, project: project.name, stack, saltText, sealer };
  return { config, snapshot, live: new LiveSnapshot(snapshot, target), secrets };
}

interface Run {
  deployment: Deployment;
  interruptedCreates: Map<string, PendingOperation>;
}

function startRun(options: ApplyOptions, open: OpenStack): Run {
  const { project, stack, env, observer } = options;
  const interruptedCreates = new Map<string, PendingOperation>();
  for (const operation of open.snapshot.pendingOperations) {
    if (operation.type === "creating") interruptedCreates.set(operation.resource.urn, operation);
  }
  const executor: ApplyExecutor = new ApplyExecutor({
    snapshot: open.live,
    parallel: options.parallel,
    interruptedCreates,
    stopped: () => deployment.stopped,
    diagnostic: observer.diagnostic,
  });
  const deployment: Deployment = new Deployment({
    project: project.name,
    stack,
    root: project.root,
    olds: open.live.resources(),
    config: open.config.values,
    disabledDefaultProviders: disabledDefaultProviders(open.config),
    providerFor: options.providerFor ?? ownProviderFor,
    dryRun: false,
    stackOutputs: stackOutputsFrom(env, project.name, open.secrets),
    executor,
    observer,
    signal: options.abort,
  });
  if (options.stop.aborted) deployment.stop("cancelled");
  options.stop.addEventListener("abort", () => deployment.stop("cancelled"), { once: true });
  return { deployment, interruptedCreates };
}

/** Opens the stack, carries `work` out on it, and says of what an earlier run left half done. */
async function changeStack(
  options: ApplyOptions,
  withConfig: boolean,
  work: (deployment: Deployment, config: StackConfig) => Promise<boolean>,
): Promise<ApplyResult> {
  const { observer, providerFor = ownProviderFor } = options;
  const open = await openStack(options, withConfig);
  await reconcileInterrupted(open.snapshot, open.live, providerFor, options);
  const { deployment, interruptedCreates } = startRun(options, open);
  const succeeded = await work(deployment, open.config);
  await deployment.settled();
  if (succeeded) await forgetInterrupted(interruptedCreates, open.live, observer);
  return { succeeded, steps: deployment.steps, states: [...deployment.states.values()] };
}

/** Runs the program and makes the stack what it asks for. The caller holds the lock. */
export function applyStack(options: ApplyOptions): Promise<ApplyResult> {
  return changeStack(options, true, async (deployment, config) => {
    // Stopped runs end the program once nothing is under way; it would wait for answers for ever.
    const programEnd = new AbortController();
    const end = () => void deployment.settled().then(() => programEnd.abort());
    options.stop.addEventListener("abort", end, { once: true });
    options.abort.addEventListener("abort", () => programEnd.abort(), { once: true });
    const run = options.runProgram ?? runProgram;
    const exit = await run({
      ...options,
      config,
      dryRun: false,
      deployment: Promise.resolve(deployment),
      diagnostic: options.observer.diagnostic,
      signal: programEnd.signal,
    });
    await deployment.settled();
    return finish(deployment, exit, options.observer);
  });
}

/** Deletes everything in the state, dependents first. The caller holds the lock. */
export function destroyStack(options: ApplyOptions): Promise<ApplyResult> {
  // What fails is reported through the observer.
  return changeStack(options, false, (deployment) =>
    deployment.finish().then(
      () => true,
      () => false,
    ),
  );
}

/**
 * Asks the providers what became of every resource and notes it in the state. Touches nothing else.
 * The caller holds the lock.
 */
export async function refreshStack(options: ApplyOptions): Promise<ApplyResult> {
  const open = await openStack(options, false);
  const { refreshResources } = await import("./refresh.ts");
  return refreshResources(options, open.live, options.providerFor ?? ownProviderFor);
}

/** Creations that were cut short and that nothing asks for any more. */
async function forgetInterrupted(
  interrupted: Map<string, PendingOperation>,
  live: LiveSnapshot,
  observer: Observer,
): Promise<void> {
  if (interrupted.size === 0) return;
  for (const operation of interrupted.values()) {
    const { urn } = operation.resource;
    observer.diagnostic({
      severity: "warning",
      message: `an earlier run was killed while it created ${nameOf(urn)}, and nothing asks for it any more: look whether it was left behind`,
      urn,
    });
    live.end(operation);
  }
  await live.flush();
}

/** Throws when a step needs a provider that the embedded engine does not have, before any change. */
export function refuseForeignKinds(
  steps: readonly Step[],
  providerFor: DeploymentOptions["providerFor"] = ownProviderFor,
): void {
  const kinds = new Map<string, number>();
  for (const { type, operation, before, after, remote } of steps) {
    const state = after ?? before;
    if (state === undefined || operation === "same" || type === stackReferenceType) continue;
    const foreign = remote || (needsProvider(state) && providerFor(type) === undefined);
    if (foreign) kinds.set(type, (kinds.get(type) ?? 0) + 1);
  }
  if (kinds.size === 0) return;
  const list = [...kinds].map(([kind, count]) => `  ${kind} (${count})`).join("\n");
  throw new Error(
    `the embedded engine cannot apply these kinds:\n${list}\nNothing was changed. Install the Pulumi CLI and run the same command again. The embedded engine applies: ${supportedTypes().join(", ")}`,
  );
}
