import { createHash } from "node:crypto";
import type { Client } from "ssh2";
import { type Connection, type DialContext, dial } from "./connection.ts";

/** Below OpenSSH's default of ten sessions on one connection (MaxSessions). */
const sessionsPerConnection = 8;
const idleSeconds = 30;
/** A connection that rested longer is tried before it is used again. */
const trustedRestSeconds = 5;
const probeSeconds = 10;

interface Entry {
  client: Promise<Client>;
  sessions: number;
  lastUsed: number;
  waiting: (() => void)[];
  idleTimer: NodeJS.Timeout | undefined;
}

/** Keeps one SSH connection for each way to reach a host, shared by a bounded number of sessions. */
export class ConnectionPool {
  readonly #entries = new Map<string, Entry>();

  /**
   * Runs something on a connection. A resting connection is tested first, so that `use` is called
   * only with one that answered just now.
   */
  async with<T>(
    connection: Connection,
    context: DialContext,
    use: (client: Client) => Promise<T>,
  ): Promise<T> {
    const key = createHash("sha256").update(JSON.stringify(connection)).digest("hex");
    const entry = await this.#enter(key, connection, context);
    try {
      return await use(await entry.client);
    } finally {
      this.#leave(key, entry);
    }
  }

  /** Closes every connection. */
  close(): void {
    for (const [key, entry] of this.#entries) this.#discard(key, entry);
  }

  async #enter(key: string, connection: Connection, context: DialContext): Promise<Entry> {
    for (;;) {
      context.signal.throwIfAborted();
      const entry = this.#entries.get(key) ?? this.#open(key, connection, context);
      if (entry.sessions >= sessionsPerConnection) {
        await new Promise<void>((resolve) => {
          entry.waiting.push(resolve);
          context.signal.addEventListener("abort", () => resolve(), { once: true });
        });
        continue;
      }
      clearTimeout(entry.idleTimer);
      entry.sessions++;
      try {
        const client = await entry.client;
        const rested =
          entry.sessions === 1 && Date.now() - entry.lastUsed > trustedRestSeconds * 1000;
        if (!rested || (await answers(client))) return entry;
        this.#discard(key, entry);
      } catch (error) {
        this.#discard(key, entry);
        // Cancelled by the operation that dialled first; this one may still go on.
        if (context.signal.aborted || !isAbort(error)) throw error;
      } finally {
        if (this.#entries.get(key) !== entry) entry.sessions--;
      }
    }
  }

  #open(key: string, connection: Connection, context: DialContext): Entry {
    const entry: Entry = {
      client: dial(connection, context),
      sessions: 0,
      lastUsed: Date.now(),
      waiting: [],
      idleTimer: undefined,
    };
    this.#entries.set(key, entry);
    entry.client
      .then((client) => {
        entry.lastUsed = Date.now();
        client.once("close", () => this.#discard(key, entry));
      })
      .catch(() => this.#discard(key, entry));
    return entry;
  }

  #leave(key: string, entry: Entry): void {
    entry.sessions--;
    entry.lastUsed = Date.now();
    entry.waiting.shift()?.();
    if (entry.sessions === 0 && this.#entries.get(key) === entry) {
      entry.idleTimer = setTimeout(() => this.#discard(key, entry), idleSeconds * 1000);
      entry.idleTimer.unref();
    }
  }

  #discard(key: string, entry: Entry): void {
    clearTimeout(entry.idleTimer);
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    for (const wake of entry.waiting.splice(0)) wake();
    entry.client.then((client) => client.end()).catch(() => {});
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}

/** Whether the host still executes anything on this connection. */
function answers(client: Client): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), probeSeconds * 1000);
    const finish = (ok: boolean) => {
      clearTimeout(timer);
      resolve(ok);
    };
    try {
      client.exec(":", (error, channel) => {
        if (error) return finish(false);
        channel.on("close", () => finish(true)).resume();
        channel.stderr.resume();
        return undefined;
      });
    } catch {
      finish(false);
    }
  });
}
