import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { applyStack, destroyStack, refreshStack } from "../../../engine/embedded/apply.ts";
import { checkpointVersion, deploymentHead } from "../../../engine/embedded/checkpoint.ts";
import type { Diagnostic, Observer } from "../../../engine/embedded/observer.ts";
import { createSealer } from "../../../engine/embedded/passphrase.ts";
import type { Step } from "../../../engine/embedded/planner.ts";
import { previewStack } from "../../../engine/embedded/preview.ts";
import { runProgram } from "../../../engine/embedded/programRun.ts";
import type { Provider } from "../../../engine/embedded/provider.ts";
import { StackSecrets } from "../../../engine/embedded/secrets.ts";
import { loadSnapshot, stateFile } from "../../../engine/embedded/stateStore.ts";
import { loadProject } from "../../../engine/project.ts";
import { directProgram, type ThingSpec } from "./directProgram.ts";
import {
  type WorldEntry,
  type WorldOptions,
  worldEntries,
  worldProvider,
} from "./worldProvider.ts";

/** Folder of a fixture program. */
export function programFolder(name: string): string {
  return path.join(import.meta.dirname, "..", "programs", name);
}

export const testPassphrase = "correct horse battery staple";

let sharedSalt: Promise<{ saltText: string }> | undefined;

/** An empty state under a salt that all tests share: deriving a key takes half a second. */
async function emptyState(): Promise<string> {
  sharedSalt ??= createSealer(testPassphrase);
  const latest = deploymentHead((await sharedSalt).saltText, "", "v3");
  return JSON.stringify({ version: checkpointVersion, checkpoint: { latest } });
}

/** A stack of its own in a folder of its own, run in this process. */
export class TestStack {
  readonly folder: string;
  readonly diagnostics: Diagnostic[] = [];
  /** Operations and names in the order in which they ended. */
  readonly events: string[] = [];
  parallel = 16;
  /** Run the program as a process, over the wire. Default: its registrations come directly. */
  asProcess = false;
  onStepDone: () => void = () => {};
  readonly stop = new AbortController();
  readonly abort = new AbortController();
  readonly #provider: Provider;
  readonly #program: string;

  static async create(options: WorldOptions = {}, program = "things"): Promise<TestStack> {
    const folder = await mkdtemp(path.join(tmpdir(), "quorum-test-"));
    const stack = new TestStack(folder, options, program);
    await mkdir(path.dirname(stack.stateFile), { recursive: true });
    await writeFile(stack.stateFile, await emptyState());
    return stack;
  }

  constructor(folder: string, options: WorldOptions = {}, program = "things") {
    this.folder = folder;
    this.#program = program;
    this.#provider = worldProvider(this.world, options);
  }

  get world(): string {
    return path.join(this.folder, "world");
  }

  get stateFile(): string {
    return stateFile(this.#env([]), this.#program, "test");
  }

  get errors(): string[] {
    return this.diagnostics
      .filter(({ severity }) => severity === "error")
      .map(({ message }) => message);
  }

  async up(specs: readonly ThingSpec[], env: NodeJS.ProcessEnv = {}) {
    return applyStack(await this.#options(specs, env));
  }

  async destroy() {
    return destroyStack(await this.#options([], {}));
  }

  async refresh() {
    return refreshStack(await this.#options([], {}));
  }

  async preview(specs: readonly ThingSpec[], env: NodeJS.ProcessEnv = {}) {
    const { project, providerFor, runProgram } = await this.#options(specs, env);
    return previewStack({
      project,
      providerFor,
      runProgram,
      stack: "test",
      env: { ...this.#env(specs), ...env },
      parallel: this.parallel,
      fresh: false,
      signal: this.abort.signal,
    });
  }

  async state() {
    return loadSnapshot(this.stateFile, new StackSecrets(this.#env([])));
  }

  entries(): Promise<WorldEntry[]> {
    return worldEntries(this.world);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #env(specs: readonly ThingSpec[]): NodeJS.ProcessEnv {
    return {
      ...process.env,
      QUORUM_STATE_DIR: path.join(this.folder, "state"),
      PULUMI_CONFIG_PASSPHRASE: testPassphrase,
      THINGS: JSON.stringify(specs),
    };
  }

  async #options(specs: readonly ThingSpec[], env: NodeJS.ProcessEnv) {
    const observer: Observer = {
      stepStarted: () => {},
      stepDone: (step) => {
        this.events.push(eventOf(step));
        this.onStepDone();
      },
      stepFailed: (step) => this.events.push(`failed ${eventOf(step)}`),
      diagnostic: (diagnostic) => this.diagnostics.push(diagnostic),
    };
    return {
      project: await loadProject(programFolder(this.#program)),
      stack: "test",
      env: { ...this.#env(specs), ...env },
      parallel: this.parallel,
      observer,
      stop: this.stop.signal,
      abort: this.abort.signal,
      runProgram: this.asProcess ? runProgram : directProgram(specs),
      providerFor: (type: string) => (type.startsWith("test:") ? this.#provider : undefined),
    };
  }
}

/** `create a`: operation and name of a step. */
export function eventOf(step: Step): string {
  return `${step.operation} ${step.urn.split("::").at(-1)}`;
}

/** Operations by name, without the root stack. */
export function operations(steps: readonly Step[]): string[] {
  return steps.filter(({ type }) => !type.startsWith("pulumi:")).map(eventOf);
}
