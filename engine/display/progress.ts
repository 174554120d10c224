import { stripVTControlCharacters } from "node:util";
import type { Diagnostic, Observer } from "../embedded/observer.ts";
import type { Step, StepOperation } from "../embedded/planner.ts";
import { needsProvider } from "../embedded/resourceState.ts";
import { displayType, nameOf } from "../embedded/urn.ts";
import { lookOf, type Paint } from "./style.ts";

const doing: Partial<Record<StepOperation, string>> = {
  create: "creating",
  update: "updating",
  "create-replacement": "creating replacement",
  delete: "deleting",
  "delete-replaced": "deleting original",
  read: "reading",
  refresh: "refreshing",
};

const did: Partial<Record<StepOperation, string>> = {
  create: "created",
  update: "updated",
  "create-replacement": "created replacement",
  delete: "deleted",
  "delete-replaced": "deleted original",
  read: "read",
};

const redrawMilliseconds = 200;
const mostLiveLines = 12;

/** A stream that progress goes to; a terminal gets a live part that is redrawn. */
export interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/**
 * Progress of a run: one line for everything that ends, and in a terminal the operations under way
 * with their age below. Elsewhere operations that take long say so when they begin.
 */
export class Progress implements Observer {
  readonly #stream: ProgressStream;
  readonly #paint: Paint;
  readonly #started = performance.now();
  readonly #running = new Map<Step, number>();
  readonly #timer: NodeJS.Timeout | undefined;
  #liveLines = 0;
  /** Whether any error was reported. */
  failed = false;

  constructor(stream: ProgressStream, paint: Paint) {
    this.#stream = stream;
    this.#paint = paint;
    if (stream.isTTY) this.#timer = setInterval(() => this.#redraw(), redrawMilliseconds).unref();
  }

  stepStarted(step: Step): void {
    if (doing[step.operation] === undefined) return;
    this.#running.set(step, performance.now());
    if (!this.#stream.isTTY && takesTime(step)) this.#line(step, `${doing[step.operation]} …`);
  }

  stepDone(step: Step): void {
    const seconds = this.#secondsOf(step);
    this.#running.delete(step);
    const verb = did[step.operation];
    if (verb === undefined || seconds === undefined) return;
    this.#line(step, `${verb} (${seconds.toFixed(1)} s)`);
  }

  stepFailed(step: Step, _error: unknown): void {
    const seconds = this.#secondsOf(step) ?? 0;
    this.#running.delete(step);
    const verb = doing[step.operation] ?? step.operation;
    this.#line(step, this.#paint("red", `${verb} failed (${seconds.toFixed(1)} s)`));
  }

  diagnostic({ severity, message, urn }: Diagnostic): void {
    if (severity === "debug") return;
    if (severity === "error") this.failed = true;
    const format = severity === "error" ? "red" : severity === "warning" ? "yellow" : "dim";
    const where = urn === undefined ? "" : `${nameOf(urn)}: `;
    const label = severity === "info" ? "" : `${severity}: `;
    const text = this.#stream.isTTY ? message : stripVTControlCharacters(message);
    const lines = `${label}${where}${text.trimEnd()}`.split("\n");
    this.#print(lines.map((line) => `      ${this.#paint(format, line)}`));
  }

  /** Removes the live part; call once at the end. */
  close(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  get elapsedSeconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  #secondsOf(step: Step): number | undefined {
    const since = this.#running.get(step);
    return since === undefined ? undefined : (performance.now() - since) / 1000;
  }

  #line(step: Step, text: string): void {
    this.#print([this.#text(step, text)]);
  }

  #text(step: Step, text: string): string {
    const { sign, format } = lookOf(step.operation);
    const clock = `${this.elapsedSeconds.toFixed(0).padStart(4)}s`;
    const what = `${displayType(step.type)} ${nameOf(step.urn)}`;
    return `${this.#paint("dim", clock)} ${this.#paint(format, sign)} ${what}  ${text}`;
  }

  #print(lines: readonly string[]): void {
    this.#erase();
    this.#stream.write(`${lines.join("\n")}\n`);
    if (this.#stream.isTTY) this.#draw();
  }

  #redraw(): void {
    this.#erase();
    this.#draw();
  }

  #draw(): void {
    const running = [...this.#running.keys()];
    const shown = running.slice(0, mostLiveLines).map((step) => {
      const seconds = this.#secondsOf(step) ?? 0;
      return this.#text(step, `${doing[step.operation]} … ${seconds.toFixed(0)} s`);
    });
    if (running.length > shown.length)
      shown.push(`      and ${running.length - shown.length} more`);
    const width = this.#stream.columns ?? 80;
    for (const line of shown) this.#stream.write(`${line.slice(0, width + 20)}\n`);
    this.#liveLines = shown.length;
  }

  #erase(): void {
    if (this.#liveLines === 0) return;
    this.#stream.write(`\u001b[${this.#liveLines}A\u001b[0J`);
    this.#liveLines = 0;
  }
}

/** Components and providers are records only; a refresh is told where it finds something. */
function takesTime({ operation, before, after }: Step): boolean {
  const state = after ?? before;
  return operation !== "refresh" && state !== undefined && needsProvider(state);
}
