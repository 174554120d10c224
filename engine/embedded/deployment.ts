import { hashAssets } from "./assetHash.ts";
import { checkedInputs, compare } from "./comparison.ts";
import type { Executor, StepContext } from "./executor.ts";
import { lookUp } from "./lookups.ts";
import type { ReadRequest } from "./monitor.ts";
import type { Observer } from "./observer.ts";
import { type Decision, decide, newStep, type Step, type StepOperation } from "./planner.ts";
import type { Operation, Provider } from "./provider.ts";
import { ProviderDirectory } from "./providerDirectory.ts";
import { setProgramFolder } from "./providers/programFolder.ts";
import { aliasUrns, type Registration } from "./registration.ts";
import { Removals } from "./removals.ts";
import { externalState, type Goal, type ResourceState, stateOf } from "./resourceState.ts";
import { StepRunner } from "./stepRunner.ts";
import { isProviderType, makeUrn, packageOf } from "./urn.ts";
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

/** One run: registrations come in, steps go to the executor, what was not registered is deleted. */
export class Deployment {
  /** Resources of this run by URN, in the order in which they came to be. */
  readonly states = new Map<string, ResourceState>();
  readonly #options: DeploymentOptions;
  readonly #olds = new Map<string, ResourceState>();
  readonly #claimed = new Set<ResourceState>();
  readonly #registered = new Set<string>();
  readonly #replacedUrns = new Set<string>();
  readonly #directory: ProviderDirectory;
  readonly #runner: StepRunner;
  readonly #removals: Removals;

  constructor(options: DeploymentOptions) {
    this.#options = options;
    setProgramFolder(options.root);
    this.#runner = new StepRunner(options.observer);
    this.#removals = new Removals({
      options,
      runner: this.#runner,
      claimed: this.#claimed,
      operation: (urn, reference) => this.operation(urn, reference),
    });
    for (const old of options.olds) if (!old.pendingDelete) this.#olds.set(old.urn, old);
    this.#directory = new ProviderDirectory(options, (goal) => this.#place(goal, false));
  }

  /** What is shown of the run. */
  get steps(): Step[] {
    return this.#runner.steps;
  }

  /** Ends the run: what is under way finishes, nothing new starts. */
  stop(reason: string): void {
    this.#runner.stop(reason);
  }

  get stopped(): string | undefined {
    return this.#runner.stopped;
  }

  /** Resolves when no step is under way, its record in the state included. */
  settled(): Promise<void> {
    return this.#runner.settled();
  }

  /** Registers one resource. Rejects with `DeploymentStopped` once anything has failed. */
  async register(registration: Registration): Promise<ResourceState> {
    this.#runner.throwIfStopped();
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
      throw this.#runner.fail(error, urn);
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
    this.#runner.throwIfStopped();
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
      await this.#runner.run(step, true, () => this.#options.executor.keep(step, true));
      this.states.set(urn, after);
      return after;
    } catch (error) {
      throw this.#runner.fail(error, urn);
    }
  }

  /** Deletes what the program no longer registers. Only for a program that ended well. */
  async finish(): Promise<void> {
    this.#runner.throwIfStopped();
    await this.#removals.deleteRest();
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
      alreadyDeleted: before !== undefined && this.#removals.isDeletedEarly(before),
      replacedWith: goal.replaceWith.some((urn) => this.#replacedUrns.has(urn)),
    });
    const after = stateOf(goal, { inputs, outputs: {}, id: undefined });
    const context = {
      provider,
      operation,
      remote: goal.remote,
      deleted: this.#removals.deletedUrns,
    };
    this.#runner.throwIfStopped();
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
      return this.#runner.run(step, shown, () => executor.create(step, context));
    }
    after.created = before.created;
    after.modified = before.modified;
    if (decision.kind === "same") {
      after.id = before.id;
      after.outputs = before.outputs;
      const step = planned("same", before);
      return this.#runner.run(step, shown, () => executor.keep(step, decision.stateChanged));
    }
    if (decision.kind === "update") {
      after.id = before.id;
      const step = { ...planned("update", before), ...decision };
      return this.#runner.run(step, shown, () => executor.update(step, context));
    }
    this.#replacedUrns.add(after.urn);
    if (decision.deleteBefore) await this.#removals.deleteWithDependents(before);
    else this.#removals.addReplaced(before);
    const logical = { ...planned("replace", before), ...decision };
    this.steps.push(logical);
    const step = { ...planned("create-replacement", before), ...decision };
    return this.#runner.run(step, shown, () => executor.create(step, context));
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
}
