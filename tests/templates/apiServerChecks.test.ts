import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { loadBalancerPlan } from "../../design/loadBalancerPlan.ts";
import { haproxyCfg } from "../../design/render/loadBalancer.ts";
import { readTemplates } from "../../templates/read.ts";
import { hostsConfig } from "../support/fixtures.ts";
import { freePort } from "../support/freePort.ts";
import { needs } from "../support/tools.ts";

/** Lines of /readyz that a stand-in for an API server shows besides those that are well. */
type Failing = "shutdown" | "poststarthook/rbac";

/** Answers with its name, and /readyz as an API server does. */
class StandIn {
  failing: Failing[] = [];
  readonly server: Server;

  constructor(name: string) {
    this.server = createServer((request, response) => {
      if (!request.url?.startsWith("/readyz")) return response.end(name);
      const lines = this.failing.map((one) => `[-]${one} failed: reason withheld\n`).join("");
      response.statusCode = lines === "" ? 200 : 500;
      return response.end(lines === "" ? "ok" : `[+]ping ok\n${lines}readyz check failed\n`);
    }).listen(0, "127.0.0.1");
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
}

/** A connection that a client keeps: "" when it was cut. */
class Client {
  readonly #socket: Socket;
  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1").on("error", () => undefined);
  }
  async ask(): Promise<string> {
    if (this.#socket.destroyed) return "";
    const answer = new Promise<string>((resolve) => {
      this.#socket.once("data", (data) => resolve(`${data}`.split("\r\n").at(-1) ?? ""));
      this.#socket.once("close", () => resolve(""));
    });
    this.#socket.write("GET / HTTP/1.1\r\nHost: kubernetes\r\n\r\n");
    return answer;
  }
  end(): void {
    this.#socket.destroy();
  }
}

describe("the load balancer's check of an API server", function () {
  this.timeout(60_000);
  let folder: string;
  let haproxy: ChildProcess | undefined;
  let port: number;
  const servers = new Map(["a", "b"].map((name) => [name, new StandIn(name)]));
  const clients: Client[] = [];

  before(async function () {
    needs(this, "haproxy");
    folder = mkdtempSync(join(tmpdir(), "quorum-haproxy-"));
    port = await freePort();
    const plan = loadBalancerPlan(hostsConfig());
    const lines = [...servers].map(([name, { port }]) => `  server ${name} 127.0.0.1:${port}`);
    const text = haproxyCfg(readTemplates(), { ...plan, apiServers: [] })
      .replace(/^ {2}(user|stats socket) .*\n/gm, "")
      .replace(/^ {2}default-server agent-check .*\n/gm, "")
      .replace(/check-ssl .*/, "")
      .replace(/bind 127\.0\.0\.1:\d+/, `bind 127.0.0.1:${await freePort()}`)
      .replace(/bind :\d+/, `bind 127.0.0.1:${port}`);
    writeFileSync(join(folder, "haproxy.cfg"), `${text.trimEnd()}\n${lines.join("\n")}\n`);
    haproxy = spawn("haproxy", ["-db", "-q", "-f", join(folder, "haproxy.cfg")], {
      env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
      stdio: "ignore",
    });
    await until(async () => (await onNew()) !== "");
  });
  after(() => {
    haproxy?.kill("SIGKILL");
    for (const client of clients) client.end();
    for (const { server } of servers.values()) {
      server.closeAllConnections();
      server.close();
    }
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  function client(): Client {
    const one = new Client(port);
    clients.push(one);
    return one;
  }
  async function onNew(): Promise<string> {
    const one = client();
    const answer = await one.ask();
    one.end();
    return answer;
  }
  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if (await holds()) return;
      await wait(100);
    }
    assert.fail("not so within 10 seconds");
  }
  /** Servers that a few new connections reach. */
  async function reached(): Promise<string> {
    const answers = [];
    for (let tries = 0; tries < 6; tries++) answers.push(await onNew());
    return [...new Set(answers)].sort().join("");
  }

  it("lets one that shuts down keep its connections and gives it no new one, then cuts off one that is ill", async () => {
    const [a] = servers.values();
    assert.ok(a);
    await until(async () => (await reached()) === "ab");
    const kept = [client(), client()];
    const answers = [];
    for (const one of kept) answers.push(await one.ask());
    assert.deepEqual(answers.sort(), ["a", "b"], "one connection to each");

    a.failing = ["shutdown"];
    await until(async () => (await reached()) === "b");
    await wait(1500);
    const later = [];
    for (const one of kept) later.push(await one.ask());
    assert.deepEqual(later.sort(), ["a", "b"]);

    a.failing = ["shutdown", "poststarthook/rbac"];
    await until(async () => {
      const now = [];
      for (const one of kept) now.push(await one.ask());
      return now.sort().join("") === "b";
    });

    a.failing = [];
    await until(async () => (await reached()) === "ab");
  });
});
