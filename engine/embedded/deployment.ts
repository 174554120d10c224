import { hashAssets } from "./assetHash.ts";
import { checkedInputs, compare } from "./comparison.ts";
import { deleteInOrder } from "./deletions.ts";
import type { Executor, StepContext } from "./executor.ts";
import { lookUp } from "./lookups.ts";
import type { ReadRequest } from "./monitor.ts";
import type { Observer } from "./observer.ts";
import {
  type Decision,
  decide,
  dependentsToReplace,
  newStep,
  ProtectedError,
  type Step,
  type StepOperation,
} from "./planner.ts";
import type { Operation, Provider } from "./provider.ts";
import { ProviderDirectory } from "./providerDirectory.ts";
import { setProgramFolder } from "./providers/programFolder.ts";
import { aliasUrns, type Registration } from "./registration.ts";
import { externalState, type Goal, type ResourceState, stateOf } from "./resourceState.ts";
import { isDefaultProvider, isProviderType, makeUrn, packageOf } from "./urn.ts";
import type { Outputs } from "./value.ts";
import { sameMap } from "./values.ts";

export interface DeploymentOptions {
  project: string;
  stack: string;
  /** Folder that relative asset paths start from. */
  root: string;
  /** Resources of the old state, each after everything that it needs. */
  olds: readonly ResourceState[];
  /** Packages that must not have a default provider; "*" stands for all. */
  disabledDefaultProviders: ReadonlySet<string>;
  /** Config by full key; the namespace of a package configures its default provider. */
  config: Readonly<Record<string, string>>;
  providerFor(type: string): Provider | undefined;
  dryRun: boolean;
  /** Outputs of another stack; undefined when there is no such stack here. */
  stackOutputs(name: string): Promise<Outputs | undefined>;
  executor: Executor;
  observer: Observer;
  signal: AbortSignal;
}

/** The run was ended by an error that is reported already, or by the user. */
export class DeploymentStopped extends Error {}

/** One run: registrations come in, steps go to the executor, what was not registered is deleted. */
export class Deployment {
  readonly steps: Step[] = [];
  /** Resources of this run by URN, in the order in which they came to be. */
  readonly states = new Map<string, ResourceState>();
  readonly #options: DeploymentOptions;
  readonly #olds = new Map<string, ResourceState>();
  readonly #claimed = new Set<ResourceState>();
  readonly #registered = new Set<string>();
  readonly #replaced = new Set<ResourceState>();
  readonly #replacedUrns = new Set<string>();
  readonly #deletedEarly = new Set<ResourceState>();
  readonly #directory: ProviderDirectory;
  readonly #deletedUrns = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  /** Replaced by an earlier run that did not come to delete them. */
  readonly #leftOver: ReadonlySet<ResourceState>;
  #stopped: string | undefined;

  constructor(options: DeploymentOptions) {
    this.#options = options;
    setProgramFolder(options.root);
    this.#leftOver = new Set(options.olds.filter((old) => old.pendingDelete));
    for (const old of options.olds) if (!old.pendingDelete) this.#olds.set(old.urn, old);
    this.#directory = new ProviderDirectory(options, (goal) => this.#place(goal, false));
  }

  /** Ends the run: what is under way finishes, nothing new starts. */
  stop(reason: string): void {
    this.#stopped ??= reason;
  }

  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** Registers one resource. Rejects with `DeploymentStopped` once anything has failed. */
  async register(registration: Registration): Promise<ResourceState> {
    this.#throwIfStopped();
    const { project, stack } = this.#options;
    const urn = makeUrn(stack, project, registration.parent, registration.type, registration.name);
    try {
      if (this.#registered.has(urn)) {
        throw new Error(`duplicate resource URN ${urn}; give the resource a unique name`);
      }
      this.#registered.add(urn);
      const refused = registration.refusedOptions.map((option) => JSON.stringify(option));
      if (refused.length > 0) {
        throw new Error(
          `the embedded engine cannot honour ${refused.join(", ")}; install the Pulumi CLI for it`,
        );
      }
      return await this.#place(await this.#goalOf(urn, registration), true);
    } catch (error) {
      throw this.#fail(error, urn);
    }
  }

  /** Outputs that a component, or the stack, gives at its end. */
  async registerOutputs(urn: string, outputs: Outputs): Promise<void> {
    const state = this.states.get(urn);
    if (state === undefined) throw new Error(`outputs for ${urn}, which is not registered`);
    const changed = !sameMap(state.outputs, outputs);
    state.outputs = outputs;
    if (changed) await this.#options.executor.outputsChanged(state);
  }

  /** Looks up a resource that this stack does not manage, and notes it as external. */
  async read(request: ReadRequest): Promise<ResourceState> {
    this.#throwIfStopped();
    const { project, stack, providerFor, stackOutputs, dryRun } = this.#options;
    const { type, name, parent, inputs } = request;
    const urn = makeUrn(stack, project, parent, type, name);
    try {
      const provider =
        request.provider ?? (await this.#directory.defaultFor(packageOf(type), request.version));
      const operation = this.operation(urn, provider);
      const outputs = await lookUp(request, {
        dryRun,
        provider: providerFor(type),
        operation,
        stackOutputs,
      });
      const before = this.#olds.get(urn);
      if (before !== undefined) this.#claimed.add(before);
      const after = externalState({ ...request, urn, provider, inputs, outputs });
      const step = newStep("read", before, after);
      await this.#run(step, true, () => this.#options.executor.keep(step, true));
      this.states.set(urn, after);
      return after;
    } catch (error) {
      throw this.#fail(error, urn);
    }
  }

  /** Deletes what the program no longer registers. Only for a program that ended well. */
  async finish(): Promise<void> {
    this.#throwIfStopped();
    const { olds } = this.#options;
    const gone = olds.filter((old) => old.pendingDelete || !this.#claimed.has(old));
    const blocked = gone.filter(
      (old) => old.protect && !old.pendingDelete && !old.external && !this.#isGone(old),
    );
    if (blocked.length > 0) {
      for (const old of blocked) this.#fail(new ProtectedError(old.urn, "deleted"), old.urn);
      this.#throwIfStopped();
    }
    await this.#deleteAll([...gone, ...this.#replaced]);
  }

  operation(urn: string, reference: string | undefined): Operation {
    return {
      urn,
      signal: this.#options.signal,
      providerInputs: this.#directory.inputsOf(reference),
      log: (message) => this.#options.observer.diagnostic({ severity: "info", message, urn }),
    };
  }

  async #goalOf(urn: string, registration: Registration): Promise<Goal> {
    const { aliases, version, transforms, refusedOptions, ...rest } = registration;
    const parentAliases =
      rest.parent === undefined ? [] : (this.states.get(rest.parent)?.aliases ?? []);
    const needsProvider = rest.custom && !isProviderType(rest.type) && rest.provider === undefined;
    return {
      ...rest,
      urn,
      inputs: await hashAssets(rest.inputs, this.#options.root),
      aliases: aliasUrns(urn, rest.parent, aliases, parentAliases),
      provider: needsProvider
        ? await this.#directory.defaultFor(packageOf(rest.type), version)
        : rest.provider,
    };
  }

  async #place(goal: Goal, shown: boolean): Promise<ResourceState> {
    const before = this.#claim(goal);
    const provider = this.#options.providerFor(goal.type);
    const operation = this.operation(goal.urn, goal.provider);
    const inputs = await checkedInputs(goal, before, provider, operation);
    const diff =
      before === undefined
        ? { changedKeys: [], replaceKeys: [] }
        : await compare(before, inputs, provider, operation);
    const decision = decide(before, goal, inputs, diff, {
      alreadyDeleted: before !== undefined && this.#deletedEarly.has(before),
      replacedWith: goal.replaceWith.some((urn) => this.#replacedUrns.has(urn)),
    });
    const after = stateOf(goal, { inputs, outputs: {}, id: undefined });
    const context = { provider, operation, remote: goal.remote, deleted: this.#deletedUrns };
    this.#throwIfStopped();
    await this.#carryOut(decision, before, after, context, shown);
    this.states.set(goal.urn, after);
    if (isProviderType(goal.type)) this.#directory.add(after);
    return after;
  }

  async #carryOut(
    decision: Decision,
    before: ResourceState | undefined,
    after: ResourceState,
    context: StepContext,
    shown: boolean,
  ): Promise<void> {
    const { executor } = this.#options;
    const planned = (operation: StepOperation, old: ResourceState | undefined): Step => ({
      ...newStep(operation, old, after),
      remote: context.remote,
    });
    if (before === undefined || decision.kind === "create") {
      const step = planned("create", before);
      return this.#run(step, shown, () => executor.create(step, context));
    }
    after.created = before.created;
    after.modified = before.modified;
    if (decision.kind === "same") {
      after.id = before.id;
      after.outputs = before.outputs;
      const step = planned("same", before);
      return this.#run(step, shown, () => executor.keep(step, decision.stateChanged));
    }
    if (decision.kind === "update") {
      after.id = before.id;
      const step = { ...planned("update", before), ...decision };
      return this.#run(step, shown, () => executor.update(step, context));
    }
    this.#replacedUrns.add(after.urn);
    if (decision.deleteBefore) await this.#deleteWithDependents(before);
    else this.#replaced.add(before);
    const logical = { ...planned("replace", before), ...decision };
    this.steps.push(logical);
    const step = { ...planned("create-replacement", before), ...decision };
    return this.#run(step, shown, () => executor.create(step, context));
  }

  async #deleteWithDependents(root: ResourceState): Promise<void> {
    if (this.#deletedEarly.has(root) || root.pendingReplacement) return;
    const candidates = this.#options.olds.filter(
      (old) => !this.#claimed.has(old) && !this.#deletedEarly.has(old) && !old.pendingReplacement,
    );
    const dependents = await dependentsToReplace(root, candidates, async (state, inputs) => {
      const provider = this.#options.providerFor(state.type);
      const operation = this.operation(state.urn, state.provider);
      return (await compare(state, inputs, provider, operation)).replaceKeys.length > 0;
    });
    for (const state of [...dependents, root]) {
      if (state.protect) throw new ProtectedError(state.urn, "replaced");
    }
    for (const state of [...dependents, root]) {
      this.#deletedEarly.add(state);
      await this.#delete("delete-replaced", state, true);
    }
  }

  async #deleteAll(states: ResourceState[]): Promise<void> {
    for (const state of states) {
      if (!state.pendingDelete && !this.#replaced.has(state)) this.#deletedUrns.add(state.urn);
    }
    await deleteInOrder(states, (state) => this.#delete(this.#deletionKind(state), state));
  }

  /** Deleted ahead of its replacement, by this run or an earlier one. */
  #isGone(state: ResourceState): boolean {
    return state.pendingReplacement || this.#deletedEarly.has(state);
  }

  #deletionKind(state: ResourceState): StepOperation {
    if (this.#isGone(state)) return "remove-pending-replace";
    return state.pendingDelete || this.#replaced.has(state) ? "delete-replaced" : "delete";
  }

  async #delete(kind: StepOperation, state: ResourceState, replacing = false): Promise<void> {
    this.#throwIfStopped();
    const step = newStep(kind, state, undefined);
    const context: StepContext = {
      provider: this.#options.providerFor(state.type),
      operation: this.operation(state.urn, state.provider),
      remote: false,
      deleted: this.#deletedUrns,
    };
    if (kind === "delete-replaced" && this.#leftOver.has(state)) step.leftOver = true;
    if (replacing) step.after = { ...state, pendingReplacement: true };
    try {
      const shown = kind !== "remove-pending-replace" && !isDefaultProvider(state.urn);
      await this.#run(step, shown, () => this.#options.executor.delete(step, context));
    } catch (error) {
      throw this.#fail(error, state.urn);
    }
  }

  async #run(step: Step, shown: boolean, action: () => Promise<void>): Promise<void> {
    const { observer } = this.#options;
    if (shown) {
      this.steps.push(step);
      observer.stepStarted(step);
    }
    const running = action();
    this.#underWay.add(running);
    try {
      await running;
      if (shown) observer.stepDone(step);
    } catch (error) {
      if (shown) observer.stepFailed(step, error);
      throw error;
    } finally {
      this.#underWay.delete(running);
    }
  }

  /** Resolves when no step is under way, its record in the state included. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled([...this.#underWay]);
  }

  /** Finds the resource in the old state, under its name or an alias. */
  #claim(goal: Goal): ResourceState | undefined {
    for (const urn of [goal.urn, ...goal.aliases]) {
      const old = this.#olds.get(urn);
      if (old === undefined || this.#claimed.has(old)) continue;
      this.#claimed.add(old);
      return old;
    }
    return undefined;
  }

  #fail(error: unknown, urn: string): DeploymentStopped {
    if (error instanceof DeploymentStopped) return error;
    const message = error instanceof Error ? error.message : String(error);
    this.#options.observer.diagnostic({ severity: "error", message, urn });
    this.stop("a resource failed");
    return new DeploymentStopped(message);
  }

  #throwIfStopped(): void {
    if (this.#stopped !== undefined) throw new DeploymentStopped(this.#stopped);
  }
}
