import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import type { SshConfig } from "../config/schema.ts";
import { type Connection, dial } from "../engine/embedded/providers/ssh/connection.ts";

/** What a script is given. */
export interface RunOptions {
  /** Variables of its environment; never a secret, because they are on its command line. */
  env?: Readonly<Record<string, string | number>>;
  /** What it reads from standard input. */
  stdin?: Readable;
}

/** One machine of the cluster, as a recovery sees it. */
export interface RemoteMachine {
  readonly name: string;
  readonly address: string;
  /**
   * Runs a script as root.
   * @returns its standard output, trimmed.
   * @throws Error "<machine>: <last line of standard error>" when it exits non-zero.
   */
  run(script: string, options?: RunOptions): Promise<string>;
  /** Standard output of a script as it comes; destroyed with an error when the script fails. */
  read(script: string, options?: RunOptions): Promise<Readable>;
  close(): void;
}

/** Opens machines over SSH, all at once. @throws AggregateError that names every one that fails. */
export async function connectAll(
  machines: readonly { name: string; address: string }[],
  ssh: SshConfig,
  projectDir: string,
  signal: AbortSignal,
): Promise<Map<string, RemoteMachine>> {
  const file = ssh.privateKeyFile;
  const privateKey = readFileSync(isAbsolute(file) ? file : join(projectDir, file), "utf8");
  const results = await Promise.allSettled(
    machines.map(async ({ name, address }) => {
      const connection: Connection = {
        host: address,
        port: ssh.port,
        user: ssh.user,
        privateKey,
        dialErrorLimit: 2,
        perDialTimeout: 10,
      };
      const client = await dial(connection, { signal, log: () => {} });
      return overSsh(name, address, client, ssh.user !== "root");
    }),
  );
  const opened = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.flatMap((result, index) =>
    result.status === "rejected" ? [`${machines[index]?.name}: ${message(result.reason)}`] : [],
  );
  if (failed.length > 0) {
    for (const machine of opened) machine.close();
    throw new Error(`not all machines answer:\n  ${failed.join("\n  ")}`);
  }
  return new Map(opened.map((machine) => [machine.name, machine]));
}

function overSsh(name: string, address: string, client: Client, sudo: boolean): RemoteMachine {
  // Listens before control is given back: a short command's end may come in the same packet.
  const open = (script: string, env: RunOptions["env"]): Promise<OpenCommand> =>
    new Promise((resolve, reject) =>
      client.exec(commandLine(script, env ?? {}, sudo), (error, channel) =>
        error ? reject(error) : resolve({ channel, ...followed(channel) }),
      ),
    );
  return {
    name,
    address,
    async run(script, { env, stdin } = {}) {
      const { channel, code: exit, ended } = await open(script, env);
      if (stdin) stdin.pipe(channel);
      else channel.end();
      const unreadable = new Promise<never>((_, reject) => stdin?.once("error", reject));
      const [output, error, code] = await Promise.race([
        Promise.all([textOf(channel), textOf(channel.stderr), exit, ended]),
        unreadable,
      ]);
      if (code !== 0) throw new Error(`${name}: ${lastLine(error) ?? `exit status ${code}`}`);
      return output.trim();
    },
    async read(script, { env } = {}) {
      const { channel, code: exit, ended } = await open(script, env);
      channel.end();
      const content = new PassThrough();
      channel.pipe(content, { end: false });
      void Promise.all([exit, textOf(channel.stderr), ended]).then(
        ([code, error]) =>
          code === 0
            ? content.end()
            : content.destroy(new Error(`${name}: ${lastLine(error) ?? `exit status ${code}`}`)),
        (error) => content.destroy(error),
      );
      return content;
    },
    close: () => client.end(),
  };
}

/** One shell word for each part, so that any script and any value will do. */
export function commandLine(
  script: string,
  env: Readonly<Record<string, string | number>>,
  sudo: boolean,
): string {
  const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const variables = Object.entries(env).map(([key, value]) => quote(`${key}=${value}`));
  return [...(sudo ? ["sudo", "-n"] : []), "env", ...variables, "bash", "-c", quote(script)].join(
    " ",
  );
}

interface OpenCommand {
  channel: ClientChannel;
  /** Exit status; 255 when the connection was lost, as ssh has it. */
  code: Promise<number>;
  /** When there is no more output. */
  ended: Promise<void>;
}

function followed(channel: ClientChannel): Pick<OpenCommand, "code" | "ended"> {
  return {
    code: new Promise((resolve) => {
      channel.once("exit", (code: number | null) => resolve(code ?? 255));
      channel.once("close", () => resolve(255));
    }),
    ended: new Promise((resolve) => {
      channel.once("end", () => resolve());
      channel.once("close", () => resolve());
    }),
  };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function lastLine(text: string): string | undefined {
  return text.trim().split("\n").at(-1) || undefined;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
