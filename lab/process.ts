import { type SpawnOptions, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** What a finished command left behind. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Written to standard input; without it the command reads nothing. */
  input?: string | Buffer;
  cwd?: string;
  /** Added to our own environment. */
  environment?: Record<string, string>;
  /** Kill the command after this long. Default: no limit. */
  timeoutSeconds?: number;
  /** Return a non-zero exit instead of throwing. Default false. */
  mayFail?: boolean;
  /** Called with every line of standard output and standard error as it comes. */
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

/** A command that failed; the message carries its last words. */
export class CommandError extends Error {
  readonly result: CommandResult;
  constructor(command: string, result: CommandResult) {
    const words = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-12).join("\n");
    super(`${command} failed (exit ${result.exitCode})${words === "" ? "" : `:\n${words}`}`);
    this.name = "CommandError";
    this.result = result;
  }
}

/** Run a program to its end. Errors: CommandError on a non-zero exit unless `mayFail`. */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const spawnOptions: SpawnOptions = {
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.environment === undefined
        ? {}
        : { env: { ...process.env, ...options.environment } }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.timeoutSeconds === undefined
        ? {}
        : { timeout: options.timeoutSeconds * 1000, killSignal: "SIGKILL" as const }),
    };
    const child = spawn(program, args, spawnOptions);
    const stdout = collect(child.stdout, options.onLine);
    const stderr = collect(child.stderr, options.onLine);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const result = {
        exitCode: code ?? -1,
        stdout: stdout(),
        stderr: signal === null ? stderr() : `${stderr()}\nended by ${signal}`,
      };
      if (result.exitCode === 0 || options.mayFail === true) resolve(result);
      else reject(new CommandError([program, ...args.slice(0, 3)].join(" "), result));
    });
    if (options.input !== undefined && child.stdin !== null) {
      child.stdin.on("error", () => undefined); // the child may end before it read everything
      child.stdin.end(options.input);
    }
  });
}

function collect(
  stream: NodeJS.ReadableStream | null,
  onLine?: (line: string) => void,
): () => string {
  const chunks: Buffer[] = [];
  let partial = "";
  stream?.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (onLine === undefined) return;
    const lines = (partial + chunk.toString()).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  return () => Buffer.concat(chunks).toString();
}

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks after boot at which it started: field 22 of /proc/<pid>/stat. */
  startTicks: number;
}

/** Identity of a running process, or undefined when there is none with this number. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name may hold spaces and brackets, so count after the last bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return { pid, startTicks: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

/** Is exactly this process still running? */
export function isAlive(recorded: ProcessIdentity): boolean {
  return identify(recorded.pid)?.startTicks === recorded.startTicks;
}

/** Signal exactly this process; false when it is gone. */
export function signalProcess(recorded: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(recorded)) return false;
  try {
    process.kill(recorded.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Wait for a condition. Errors: what was waited for, and for how long, when it does not come; a function
 * for `what` is asked then, and can tell what was seen last.
 */
export async function waitUntil(
  what: string | (() => string),
  timeoutSeconds: number,
  condition: () => Promise<boolean> | boolean,
  intervalMilliseconds = 100,
): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    if (await condition()) return;
    if (Date.now() > deadline) {
      const missed = typeof what === "string" ? what : what();
      throw new Error(`${missed}: not so after ${timeoutSeconds} s`);
    }
    await sleep(intervalMilliseconds);
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Run `work` over all items, at most `width` at once; every item is tried before errors are thrown. */
export async function inParallel<Item>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const errors: unknown[] = [];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await work(item).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) {
    const messages = errors.map((error) => (error instanceof Error ? error.message : `${error}`));
    throw new AggregateError(errors, messages.join("\n"));
  }
}
