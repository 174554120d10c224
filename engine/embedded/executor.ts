import type { Step } from "./planner.ts";
import type { Operation, Provider } from "./provider.ts";
import type { ResourceState } from "./resourceState.ts";

/** Carries planned steps out, or predicts their outcome. */
export interface Executor {
  /** Fills in id and outputs of `step.after`. */
  create(step: Step, context: StepContext): Promise<void>;
  /** Fills in outputs of `step.after`. */
  update(step: Step, context: StepContext): Promise<void>;
  /** A resource that stays; `stateChanged` when its record must be written all the same. */
  keep(step: Step, stateChanged: boolean): Promise<void>;
  delete(step: Step, context: StepContext): Promise<void>;
  /** Outputs of a component, or of the stack, became known. */
  outputsChanged(state: ResourceState): Promise<void>;
}

export interface StepContext {
  provider: Provider | undefined;
  operation: Operation;
  /** A component of another package. */
  remote: boolean;
  /** URNs that this run deletes, for `deletedWith`. */
  deleted: ReadonlySet<string>;
}
