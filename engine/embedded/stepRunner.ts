import type { Observer } from "./observer.ts";
import type { Step } from "./planner.ts";

/** The run was ended by an error that is reported already, or by the user. */
export class DeploymentStopped extends Error {}

/** Carries out the steps of a run and tells of them; after the first failure no further one begins. */
export class StepRunner {
  /** Everything that is shown, in the order in which it began. */
  readonly steps: Step[] = [];
  readonly #observer: Observer;
  readonly #underWay = new Set<Promise<void>>();
  #stopped: string | undefined;

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  /** Ends the run: what is under way finishes, nothing new starts. */
  stop(reason: string): void {
    this.#stopped ??= reason;
  }

  get stopped(): string | undefined {
    return this.#stopped;
  }

  throwIfStopped(): void {
    if (this.#stopped !== undefined) throw new DeploymentStopped(this.#stopped);
  }

  /** Reports an error and ends the run. @returns what to throw in its place. */
  fail(error: unknown, urn: string): DeploymentStopped {
    if (error instanceof DeploymentStopped) return error;
    const message = error instanceof Error ? error.message : String(error);
    this.#observer.diagnostic({ severity: "error", message, urn });
    this.stop("a resource failed");
    return new DeploymentStopped(message);
  }

  async run(step: Step, shown: boolean, action: () => Promise<void>): Promise<void> {
    if (shown) {
      this.steps.push(step);
      this.#observer.stepStarted(step);
    }
    const running = action();
    this.#underWay.add(running);
    try {
      await running;
      if (shown) this.#observer.stepDone(step);
    } catch (error) {
      if (shown) this.#observer.stepFailed(step, error);
      throw error;
    } finally {
      this.#underWay.delete(running);
    }
  }

  /** Resolves when no step is under way, its record in the state included. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled([...this.#underWay]);
  }
}
