import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../support/freePort.ts";

const cache = process.env.QUORUM_CACHE_DIR ?? "/var/cache/quorum";
const startSeconds = 90;
const token = "quorum-test-admin";

/** A real kube-apiserver over a real etcd on loopback; no controllers, so tests play their part. */
export interface ApiServer {
  url: string;
  kubeconfig: string;
  /** A request as the administrator. */
  call(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown>;
  /** What the server warned of so far, oldest first. */
  warnings: string[];
  stop(): Promise<void>;
}

/** Where the programs are, or undefined when the toolchain cache has none. */
export function apiServerPrograms(): { etcd: string; apiserver: string } | undefined {
  const find = (prefix: string, program: string) => {
    const root = join(cache, "toolchain");
    if (!existsSync(root)) return undefined;
    return readdirSync(root)
      .filter((name) => name.startsWith(prefix))
      .map((name) => join(root, name, program))
      .find((path) => existsSync(path));
  };
  const etcd = find("etcd-", "etcd");
  const apiserver = find("kubernetes-", "kube-apiserver");
  return etcd === undefined || apiserver === undefined ? undefined : { etcd, apiserver };
}

/** @param accounts further lines of the token file: token, user, its id. */
export async function startApiServer(accounts: readonly string[] = []): Promise<ApiServer> {
  const programs = apiServerPrograms();
  if (programs === undefined) throw new Error("no kube-apiserver in the toolchain cache");
  const folder = mkdtempSync(join(tmpdir(), "quorum-apiserver-"));
  const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const children: ChildProcess[] = [];
  let log = "";
  const start = (program: string, args: string[]) => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], cwd: folder });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-20_000);
    });
    children.push(child);
  };
  start(programs.etcd, [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    "--unsafe-no-fsync",
    "--log-level=error",
  ]);
  const key = join(folder, "sa.key");
  execFileSync("openssl", ["genrsa", "-out", key, "2048"], { stdio: "ignore" });
  const administrator = `${token},admin,admin,system:masters`;
  writeFileSync(join(folder, "tokens.csv"), [administrator, ...accounts, ""].join("\n"));
  start(programs.apiserver, [
    `--etcd-servers=${etcdUrl}`,
    `--cert-dir=${join(folder, "certificates")}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    "--disable-admission-plugins=ServiceAccount",
    "--service-cluster-ip-range=10.255.0.0/24",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
  ]);
  const url = `https://127.0.0.1:${port}`;
  const server: ApiServer = {
    url,
    kubeconfig: kubeconfigFor(url),
    warnings: [],
    call: (method, path, body, contentType) =>
      call(url, method, path, server.warnings, body, contentType),
    stop: async () => {
      const ended = children.map(
        (child) =>
          new Promise<void>((resolve) => {
            if (child.exitCode !== null || child.signalCode !== null) resolve();
            else child.once("exit", () => resolve());
          }),
      );
      for (const child of children.reverse()) child.kill("SIGKILL");
      await Promise.all(ended);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await untilUp(server);
  } catch {
    await server.stop();
    throw new Error(`the API server did not start:\n${log}`);
  }
  return server;
}

function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  });
}

async function untilUp(server: ApiServer): Promise<void> {
  const deadline = Date.now() + startSeconds * 1000;
  for (;;) {
    try {
      await server.call("GET", "/api/v1/namespaces/default");
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function call(
  url: string,
  method: string,
  path: string,
  warnings: string[],
  body?: unknown,
  contentType = "application/json",
): Promise<unknown> {
  const { request } = await import("node:https");
  return new Promise((resolve, reject) => {
    const sent = request(
      url + path,
      {
        method,
        rejectUnauthorized: false,
        headers: { Authorization: `Bearer ${token}`, "Content-Type": contentType },
      },
      (response) => {
        let text = "";
        warnings.push(...[response.headers.warning ?? []].flat());
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.once("end", () => {
          if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text));
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        });
      },
    );
    sent.once("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
