const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Until `end`, Ctrl-C and SIGTERM do not end this process: they abort `signal`, so that a fault under way
 * can be undone first.
 */
export class Interruption {
  readonly #controller = new AbortController();
  #told: NodeJS.Signals | undefined;

  constructor() {
    for (const signal of signals) process.on(signal, this.#take);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives the signals back. What was told meanwhile happens now, unless someone else took it too. */
  end(): void {
    for (const signal of signals) process.off(signal, this.#take);
    if (this.#told !== undefined && process.listenerCount(this.#told) === 0)
      process.kill(process.pid, this.#told);
  }

  readonly #take = (signal: NodeJS.Signals): void => {
    this.#told = signal;
    this.#controller.abort(new Error(`interrupted by ${signal}`));
  };
}

/** The same, but rejected as soon as `signal` is aborted; the work itself goes on unheard. */
export function unlessAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
