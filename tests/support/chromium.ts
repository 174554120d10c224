/** A headless Chromium, driven over its debugging protocol by Node's own WebSocket. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

/** The browser on PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const folder of folders) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

interface Reply {
  id?: number;
  result?: unknown;
  error?: { message: string };
  method?: string;
  params?: { response?: { url?: string }; request?: { url?: string } };
}

export class Page {
  /** Every address that the page asked for. */
  readonly requests: string[] = [];
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(e: Error): void }>();
  #next = 1;

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#child = child;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(String(data))));
  }

  /** Start a browser of its own and open the file in it. */
  static async open(command: string, file: string): Promise<Page> {
    const profile = mkdtempSync(path.join(tmpdir(), "quorum-browser-"));
    const child = spawn(
      command,
      [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-extensions",
        "--no-first-run",
        "--window-size=1280,1000",
        "--remote-debugging-port=0",
        `--user-data-dir=${profile}`,
        "about:blank",
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    // Whatever happens to the test, the browser does not outlive it.
    const deadline = setTimeout(() => child.kill("SIGKILL"), 50_000);
    deadline.unref();
    child.once("exit", () => clearTimeout(deadline));
    const debugging = await debuggingAddress(child);
    const { host } = new URL(debugging);
    const targets = (await (await fetch(`http://${host}/json/list`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const target = targets.find(({ type }) => type === "page");
    if (!target) throw new Error("the browser opened no page");
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await once(socket, "open");
    const page = new Page(child, profile, socket);
    try {
      await page.#send("Network.enable");
      await page.#send("Page.enable");
      await page.#send("Page.navigate", { url: `file://${file}` });
      await page.until("document.documentElement?.dataset.ready === 'true'");
    } catch (error) {
      await page.close();
      throw error;
    }
    return page;
  }

  #receive(reply: Reply): void {
    if (reply.method === "Network.requestWillBeSent") {
      this.requests.push(reply.params?.request?.url ?? "");
    }
    const waiting = this.#waiting.get(reply.id ?? -1);
    if (!waiting) return;
    this.#waiting.delete(reply.id ?? -1);
    if (reply.error) waiting.reject(new Error(reply.error.message));
    else waiting.resolve(reply.result);
  }

  #send(method: string, params: object = {}): Promise<unknown> {
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const reply = (await this.#send("Runtime.evaluate", { expression, returnByValue: true })) as {
      result: { value?: unknown };
      exceptionDetails?: { text: string };
    };
    if (reply.exceptionDetails) throw new Error(`${expression}: ${reply.exceptionDetails.text}`);
    return reply.result.value;
  }

  /** Wait until the expression is true, at most ten seconds. */
  async until(expression: string): Promise<void> {
    for (let turn = 0; turn < 100; turn += 1) {
      if ((await this.evaluate(expression)) === true) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`never became true: ${expression}`);
  }

  async press(key: string): Promise<void> {
    await this.#send("Input.dispatchKeyEvent", { type: "keyDown", key, code: key });
    await this.#send("Input.dispatchKeyEvent", { type: "keyUp", key, code: key });
  }

  async usePrint(): Promise<void> {
    await this.#send("Emulation.setEmulatedMedia", { media: "print" });
  }

  async close(): Promise<void> {
    this.#socket.close();
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await gone;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function debuggingAddress(child: ChildProcess): Promise<string> {
  if (!child.stderr) throw new Error("the browser has no standard error");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
    if (found !== undefined) {
      child.stderr.resume();
      return found;
    }
    lines.push(line);
  }
  throw new Error(`the browser ended:\n${lines.slice(-5).join("\n")}`);
}
