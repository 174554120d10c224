import { compare } from "./comparison.ts";
import { deleteInOrder } from "./deletions.ts";
import type { DeploymentOptions } from "./deployment.ts";
import type { StepContext } from "./executor.ts";
import { dependentsToReplace, newStep, ProtectedError, type StepOperation } from "./planner.ts";
import type { Operation } from "./provider.ts";
import type { ResourceState } from "./resourceState.ts";
import type { StepRunner } from "./stepRunner.ts";
import { isDefaultProvider } from "./urn.ts";

/** What removals need to know of the run that they belong to. */
export interface RemovalContext {
  options: Pick<DeploymentOptions, "olds" | "providerFor" | "executor">;
  runner: StepRunner;
  /** Found again by this run. */
  claimed: ReadonlySet<ResourceState>;
  operation(urn: string, reference: string | undefined): Operation;
}

/** Everything that a run takes away: what is replaced, early or late, and what nothing asks for. */
export class Removals {
  readonly #context: RemovalContext;
  readonly #replaced = new Set<ResourceState>();
  readonly #deletedEarly = new Set<ResourceState>();
  readonly #deletedUrns = new Set<string>();
  /** Replaced by an earlier run that did not come to delete them. */
  readonly #leftOver: ReadonlySet<ResourceState>;

  constructor(context: RemovalContext) {
    this.#context = context;
    this.#leftOver = new Set(context.options.olds.filter((old) => old.pendingDelete));
  }

  /** URNs of what goes for good, for resources that are deleted with another. */
  get deletedUrns(): ReadonlySet<string> {
    return this.#deletedUrns;
  }

  isDeletedEarly(state: ResourceState): boolean {
    return this.#deletedEarly.has(state);
  }

  /** Its replacement stands; it goes at the end of the run. */
  addReplaced(state: ResourceState): void {
    this.#replaced.add(state);
  }

  /** Deletes what is replaced before its replacement comes, dependents that cannot stay first. */
  async deleteWithDependents(root: ResourceState): Promise<void> {
    const { options, claimed, operation } = this.#context;
    if (this.#deletedEarly.has(root) || root.pendingReplacement) return;
    const candidates = options.olds.filter(
      (old) => !claimed.has(old) && !this.#deletedEarly.has(old) && !old.pendingReplacement,
    );
    const dependents = await dependentsToReplace(root, candidates, async (state, inputs) => {
      const provider = options.providerFor(state.type);
      const diff = await compare(state, inputs, provider, operation(state.urn, state.provider));
      return diff.replaceKeys.length > 0;
    });
    for (const state of [...dependents, root]) {
      if (state.protect) throw new ProtectedError(state.urn, "replaced");
    }
    for (const state of [...dependents, root]) {
      this.#deletedEarly.add(state);
      await this.#delete("delete-replaced", state, true);
    }
  }

  /** Deletes what was replaced and what nothing asked for. Refuses all of it if any is protected. */
  async deleteRest(): Promise<void> {
    const { options, claimed, runner } = this.#context;
    const gone = options.olds.filter((old) => old.pendingDelete || !claimed.has(old));
    const blocked = gone.filter(
      (old) => old.protect && !old.pendingDelete && !old.external && !this.#isGone(old),
    );
    for (const old of blocked) runner.fail(new ProtectedError(old.urn, "deleted"), old.urn);
    runner.throwIfStopped();
    const states = [...gone, ...this.#replaced];
    for (const state of states) {
      if (!state.pendingDelete && !this.#replaced.has(state)) this.#deletedUrns.add(state.urn);
    }
    await deleteInOrder(states, (state) => this.#delete(this.#kindOf(state), state));
  }

  /** Deleted ahead of its replacement, by this run or an earlier one. */
  #isGone(state: ResourceState): boolean {
    return state.pendingReplacement || this.#deletedEarly.has(state);
  }

  #kindOf(state: ResourceState): StepOperation {
    if (this.#isGone(state)) return "remove-pending-replace";
    return state.pendingDelete || this.#replaced.has(state) ? "delete-replaced" : "delete";
  }

  async #delete(kind: StepOperation, state: ResourceState, replacing = false): Promise<void> {
    const { options, runner, operation } = this.#context;
    runner.throwIfStopped();
    const step = newStep(kind, state, undefined);
    const context: StepContext = {
      provider: options.providerFor(state.type),
      operation: operation(state.urn, state.provider),
      remote: false,
      deleted: this.#deletedUrns,
    };
    if (kind === "delete-replaced" && this.#leftOver.has(state)) step.leftOver = true;
    if (replacing) step.after = { ...state, pendingReplacement: true };
    try {
      const shown = kind !== "remove-pending-replace" && !isDefaultProvider(state.urn);
      await runner.run(step, shown, () => options.executor.delete(step, context));
    } catch (error) {
      throw runner.fail(error, state.urn);
    }
  }
}
