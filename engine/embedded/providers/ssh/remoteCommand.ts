import { randomBytes } from "node:crypto";
import { StringDecoder } from "node:string_decoder";
import type { Client, ClientChannel } from "ssh2";

const termSeconds = 5;
const killSeconds = 2;
const channelTries = 5;
/**
 * Marks the processes of one command, so that cancel finds them where sshd passes no signals on (it
 * passes none for root). Stock sshd configurations accept variables that begin with LC_.
 */
const markVariable = "LC_QUORUM_COMMAND";
const channelRetryMilliseconds = 300;

export interface RemoteCommandOptions {
  environment?: Record<string, string>;
  stdin?: string;
  signal: AbortSignal;
  /** Called for each full line that the command prints. */
  onLine?(stream: "stdout" | "stderr", line: string): void;
}

export interface RemoteCommandResult {
  exitCode: number | undefined;
  /** Name of the signal that ended it, e.g. "TERM". */
  exitSignal: string | undefined;
  stdout: string;
  stderr: string;
}

/**
 * Runs a command in the remote user's shell.
 * @throws When the host refuses it, on cancel (after the remote processes were told to end), and when
 * the connection breaks; the message then says whether the command may have run.
 */
export async function runRemoteCommand(
  client: Client,
  command: string,
  options: RemoteCommandOptions,
): Promise<RemoteCommandResult> {
  options.signal.throwIfAborted();
  const mark = randomBytes(12).toString("hex");
  const environment = { ...options.environment, [markVariable]: mark };
  for (let tries = 1; ; tries++) {
    try {
      const channel = await open(client, command, environment);
      return await follow(channel, options, (name) => sendSignal(client, channel, mark, name));
    } catch (error) {
      if (!(error instanceof ChannelRefused)) throw error;
      if (tries === channelTries) throw new Error(`${error.message}; the command did not run`);
    }
    await new Promise((resolve) => setTimeout(resolve, channelRetryMilliseconds * tries));
    options.signal.throwIfAborted();
  }
}

/** The host opened no session, often because too many are open; nothing was run. */
class ChannelRefused extends Error {}

function open(
  client: Client,
  command: string,
  environment: Record<string, string>,
): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const closed = () =>
      reject(new Error("the connection broke while the command was handed over; it may have run"));
    client.once("close", closed);
    const finish = (error: Error | undefined, channel: ClientChannel) => {
      client.off("close", closed);
      if (error === undefined) resolve(channel);
      else if (/open failure|Channel open/i.test(error.message)) {
        reject(new ChannelRefused(`the host opens no session: ${error.message}`));
      } else if (/^Unable to exec/.test(error.message)) {
        reject(new Error("the host refused to run a command; it did not run"));
      } else {
        reject(new Error(`${error.message}; the command may have run`));
      }
    };
    try {
      client.exec(command, { env: environment }, finish);
    } catch (error) {
      client.off("close", closed);
      const reason = error instanceof Error ? error.message : String(error);
      reject(new Error(`${reason}; the command did not run`));
    }
  });
}

function follow(
  channel: ClientChannel,
  { stdin, signal, onLine }: RemoteCommandOptions,
  kill: (name: "TERM" | "KILL") => void,
): Promise<RemoteCommandResult> {
  const stdout = new Capture((line) => onLine?.("stdout", line));
  const stderr = new Capture((line) => onLine?.("stderr", line));
  return new Promise((resolve, reject) => {
    let exit: Pick<RemoteCommandResult, "exitCode" | "exitSignal"> | undefined;
    const timers: NodeJS.Timeout[] = [];
    const settle = (error?: Error) => {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      const outputs = { stdout: stdout.end(), stderr: stderr.end() };
      if (error !== undefined) reject(error);
      // What was done before the cancel arrived counts as done, or it would be done again.
      else if (signal.aborted && exit?.exitCode !== 0) reject(cancelled("ended"));
      else if (exit === undefined) {
        reject(
          new Error("the connection broke while the command ran; it may have run, and may go on"),
        );
      } else resolve({ ...exit, ...outputs });
    };
    const cancel = () => {
      kill("TERM");
      timers.push(
        setTimeout(() => {
          kill("KILL");
          channel.close();
          timers.push(
            setTimeout(() => settle(cancelled("did not end in time")), killSeconds * 1000),
          );
        }, termSeconds * 1000),
      );
    };
    channel.on("exit", (code: number | null, name?: string) => {
      exit = { exitCode: code ?? undefined, exitSignal: name?.replace(/^SIG/, "") };
    });
    channel.on("data", (chunk: Buffer) => stdout.write(chunk));
    channel.stderr.on("data", (chunk: Buffer) => stderr.write(chunk));
    channel.on("error", () => {});
    channel.once("close", () => settle());
    channel.end(stdin ?? "");
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
  });
}

function cancelled(how: string): Error {
  const error = new Error(`cancelled; the remote command was sent TERM and ${how}`);
  error.name = "AbortError";
  return error;
}

/** Signals the command's processes, by sshd and, where that does not do it, by their mark. */
function sendSignal(
  client: Client,
  channel: ClientChannel,
  mark: string,
  name: "TERM" | "KILL",
): void {
  // The library's own method sends nothing once stdin has ended; its protocol layer does.
  const { _protocol: protocol } = client as unknown as {
    _protocol: { signal(channelId: number, name: string): void };
  };
  const { outgoing } = channel as unknown as { outgoing: { id: number; state: string } };
  if (outgoing.state === "closed" || outgoing.state === "closing") return;
  const find = `grep -qs ${markVariable}=${mark} "$p/environ"`;
  const killMarked = `for p in /proc/[0-9]*; do if ${find}; then kill -${name} "\${p#/proc/}"; fi; done`;
  try {
    protocol.signal(outgoing.id, name);
    client.exec(`sh -c '${killMarked}'`, (error, killer) => {
      if (error) return;
      killer.resume();
      killer.stderr.resume();
    });
  } catch {
    // The connection is gone; the caller waits no longer than its timers say.
  }
}

/** Collects a stream and cuts it into lines. */
class Capture {
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: (line: string) => void;
  #all = "";
  #partialLine = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(chunk: Buffer): void {
    this.#add(this.#decoder.write(chunk));
  }

  /** Everything, without the one newline at its end. */
  end(): string {
    this.#add(this.#decoder.end());
    if (this.#partialLine !== "") this.#onLine(this.#partialLine);
    this.#partialLine = "";
    return this.#all.replace(/\n$/, "");
  }

  #add(text: string): void {
    this.#all += text;
    const lines = (this.#partialLine + text).split("\n");
    this.#partialLine = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
  }
}
