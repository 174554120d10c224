import { randomUUID } from "node:crypto";
import type { PendingOperation } from "./checkpoint.ts";
import type { Executor, StepContext } from "./executor.ts";
import type { LiveSnapshot } from "./liveSnapshot.ts";
import type { Diagnostic } from "./observer.ts";
import { ParallelLimit } from "./parallelLimit.ts";
import type { Step } from "./planner.ts";
import { type Operation, PartialResourceError, type Provider } from "./provider.ts";
import { needsProvider, type ResourceState } from "./resourceState.ts";
import { DeploymentStopped } from "./stepRunner.ts";
import { isProviderType } from "./urn.ts";
import type { Outputs } from "./value.ts";
import { hasUnknown, remarkSecrets, revealAll } from "./values.ts";

export interface ApplyOptions {
  snapshot: LiveSnapshot;
  parallel: number;
  /** Creations that an earlier run had begun when it was killed, by URN. */
  interruptedCreates: Map<string, PendingOperation>;
  /** Says whether the run was stopped; asked again when an operation's turn has come. */
  stopped(): string | undefined;
  diagnostic(diagnostic: Diagnostic): void;
}

type Action = "creating" | "updating" | "deleting";

/** Carries steps out, and keeps the state on disk ahead of and behind each of them. */
export class ApplyExecutor implements Executor {
  readonly #options: ApplyOptions;
  readonly #limit: ParallelLimit;

  constructor(options: ApplyOptions) {
    this.#options = options;
    this.#limit = new ParallelLimit(options.parallel);
  }

  async create(step: Step, context: StepContext): Promise<void> {
    const { after, before } = step;
    if (after === undefined) return;
    if (context.remote) throw notServed(after.type);
    const { snapshot } = this.#options;
    after.created = now();
    after.modified = after.created;
    if (!needsProvider(after)) {
      if (isProviderType(after.type)) after.id = randomUUID();
      after.outputs = after.custom ? after.inputs : {};
    } else {
      await this.#operate("creating", after, context, async (provider, operation) => {
        const inputs = knownInputs(after);
        const created =
          (await this.#adopt(after, provider, operation)) ??
          (await provider.create(after.type, inputs, operation));
        after.id = created.id;
        after.outputs = marked(created.outputs, after, provider);
      });
    }
    this.#replaced(before);
    snapshot.add(after);
    await snapshot.flush();
    throwIfHalfDone(after);
  }

  async update(step: Step, context: StepContext): Promise<void> {
    const { before, after } = step;
    if (before === undefined || after === undefined) return;
    const { snapshot } = this.#options;
    after.modified = now();
    if (!needsProvider(after)) {
      after.outputs = after.custom ? after.inputs : before.outputs;
    } else {
      await this.#operate("updating", after, context, async (provider, operation) => {
        const outputs = await provider.update(
          after.type,
          after.id ?? "",
          revealAll(before.inputs),
          revealAll(before.outputs),
          knownInputs(after),
          operation,
        );
        after.outputs = marked(outputs, after, provider);
      });
    }
    snapshot.remove(before);
    snapshot.add(after);
    await snapshot.flush();
    throwIfHalfDone(after);
  }

  async keep(step: Step, stateChanged: boolean): Promise<void> {
    const { before, after } = step;
    const { snapshot } = this.#options;
    if (before !== undefined) snapshot.remove(before);
    if (after !== undefined) snapshot.add(after);
    if (stateChanged) await snapshot.flush();
  }

  async delete(step: Step, context: StepContext): Promise<void> {
    const { before, after } = step;
    if (before === undefined) return;
    const { snapshot } = this.#options;
    const goesWithAnother =
      before.deletedWith !== undefined && context.deleted.has(before.deletedWith);
    const isThere = !before.pendingReplacement && !before.external;
    if (needsProvider(before) && isThere && !before.retainOnDelete && !goesWithAnother) {
      await this.#operate("deleting", before, context, (provider, operation) =>
        provider.delete(
          before.type,
          before.id ?? "",
          revealAll(before.inputs),
          revealAll(before.outputs),
          operation,
        ),
      );
    }
    if (after === undefined) {
      snapshot.remove(before);
    } else {
      before.pendingReplacement = true;
      snapshot.changed(before);
    }
    await snapshot.flush();
  }

  async outputsChanged(state: ResourceState): Promise<void> {
    this.#options.snapshot.changed(state);
    await this.#options.snapshot.flush();
  }

  /** The predecessor: only read, deleted already, or to be deleted later. */
  #replaced(before: ResourceState | undefined): void {
    if (before === undefined) return;
    if (before.pendingReplacement || before.external) {
      this.#options.snapshot.remove(before);
    } else {
      before.pendingDelete = true;
      this.#options.snapshot.changed(before);
    }
  }

  async #adopt(state: ResourceState, provider: Provider, operation: Operation) {
    const interrupted = this.#options.interruptedCreates.get(state.urn);
    if (interrupted === undefined) return undefined;
    this.#options.interruptedCreates.delete(state.urn);
    this.#options.snapshot.end(interrupted);
    return provider.adopt?.(state.type, knownInputs(state), operation);
  }

  /**
   * Runs one provider call, noted as pending on disk before it starts. When the call was cut short
   * and its outcome is open, the note stays for the next run.
   */
  async #operate(
    action: Action,
    state: ResourceState,
    context: StepContext,
    call: (provider: Provider, operation: Operation) => Promise<void>,
  ): Promise<void> {
    const { provider } = context;
    if (provider === undefined) throw notServed(state.type);
    await this.#limit.run(async () => {
      const stopped = this.#options.stopped();
      if (stopped !== undefined) throw new DeploymentStopped(stopped);
      const { snapshot } = this.#options;
      const pending: PendingOperation = { resource: state, type: action };
      snapshot.begin(pending);
      await snapshot.flush();
      const deadline = deadlineOf(state, action);
      const signal =
        deadline === undefined
          ? context.operation.signal
          : AbortSignal.any([context.operation.signal, AbortSignal.timeout(deadline * 1000)]);
      try {
        await untilAborted(call(provider, { ...context.operation, signal }), signal, deadline);
      } catch (error) {
        if (!(error instanceof PartialResourceError)) {
          if (!signal.aborted) snapshot.end(pending);
          await snapshot.flush();
          throw error;
        }
        state.id = error.id;
        state.outputs = marked(error.outputs, state, provider);
        state.initErrors = [error.message];
      }
      snapshot.end(pending);
      snapshot.changed(state);
    });
  }
}

function notServed(type: string): Error {
  return new Error(`${type} is not served by the embedded engine: install the Pulumi CLI`);
}

function throwIfHalfDone(state: ResourceState): void {
  if (state.initErrors.length > 0) throw new Error(state.initErrors.join("\n"));
}

function marked(outputs: Outputs, state: ResourceState, provider: Provider): Outputs {
  return remarkSecrets(
    outputs,
    state.inputs,
    [...provider.secretOutputs(state.type), ...state.additionalSecretOutputs].filter((key) =>
      Object.hasOwn(outputs, key),
    ),
  );
}

function knownInputs(state: ResourceState) {
  if (Object.values(state.inputs).some(hasUnknown)) {
    throw new Error(`inputs of ${state.urn} are not known, though everything before it exists`);
  }
  return revealAll(state.inputs);
}

function deadlineOf(state: ResourceState, action: Action): number | undefined {
  const timeouts = state.customTimeouts;
  if (action === "creating") return timeouts?.createSeconds;
  return action === "updating" ? timeouts?.updateSeconds : timeouts?.deleteSeconds;
}

function untilAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal,
  deadlineSeconds: number | undefined,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      const timedOut = (signal.reason as Error | undefined)?.name === "TimeoutError";
      const reason = timedOut ? `timed out after ${deadlineSeconds} s` : "was aborted";
      reject(new Error(`the operation ${reason}; whether it was carried out is not known`));
    };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function now(): string {
  return new Date().toISOString();
}
