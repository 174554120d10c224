import { readFileSync } from "node:fs";
import * as https from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Inputs } from "../../value.ts";
import { type ApiObject, at, namespaceOf } from "./apiObject.ts";

const requestSeconds = 60;
const tries = 5;
const firstRetryMilliseconds = 200;
/** How long a kind may take to appear after its definition was made. */
const kindAppearsSeconds = 30;

/** The API server answered with an error. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.reason = reason;
  }
}

/** No connection to the API server could be had. */
export class UnreachableError extends Error {}

interface Kind {
  plural: string;
  namespaced: boolean;
}

interface Request {
  method: "GET" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string>;
  body?: ApiObject;
  contentType?: string;
  signal: AbortSignal;
}

/** Speaks with one API server about objects of any kind, as plain JSON. */
export class ApiClient {
  readonly #config: KubeConfig;
  readonly #kinds = new Map<string, Map<string, Kind>>();
  readonly namespace: string;

  constructor(config: KubeConfig, namespace: string | undefined) {
    this.#config = config;
    const { currentContext } = config;
    this.namespace = namespace ?? config.getContextObject(currentContext)?.namespace ?? "default";
  }

  /** Path of an object; its namespace is the default one where it has none. */
  async pathOf(object: ApiObject, name: string, signal: AbortSignal): Promise<string> {
    const apiVersion = String(object.apiVersion);
    const { plural, namespaced } = await this.#kind(apiVersion, String(object.kind), signal);
    const namespace = namespaceOf(object) ?? this.namespace;
    const scope = namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : "";
    return `${rootOf(apiVersion)}${scope}/${plural}/${encodeURIComponent(name)}`;
  }

  /** The object, or undefined when there is none. */
  async get(path: string, signal: AbortSignal): Promise<ApiObject | undefined> {
    try {
      return await this.#request({ method: "GET", path, signal });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Lists objects below a path. */
  async list(
    path: string,
    query: Record<string, string>,
    signal: AbortSignal,
  ): Promise<ApiObject[]> {
    const list = await this.#request({ method: "GET", path, query, signal });
    const items = at(list, "items");
    return Array.isArray(items) ? (items as ApiObject[]) : [];
  }

  /** Lists objects below a path, a page at a time. A page that comes too late fails with status 410. */
  async *pages(path: string, limit: number, signal: AbortSignal): AsyncGenerator<ApiObject[]> {
    let next = "";
    do {
      const query: Record<string, string> = { limit: String(limit) };
      if (next !== "") query.continue = next;
      const list = await this.#request({ method: "GET", path, query, signal });
      const items = at(list, "items");
      yield Array.isArray(items) ? (items as ApiObject[]) : [];
      next = String(at(list, "metadata", "continue") ?? "");
    } while (next !== "");
  }

  /** Changes some fields of an object; with its resourceVersion only if nobody else has changed it. */
  patch(path: string, change: ApiObject, signal: AbortSignal): Promise<ApiObject> {
    const contentType = "application/merge-patch+json";
    return this.#request({ method: "PATCH", path, body: change, contentType, signal });
  }

  /** Server-side apply. */
  apply(
    path: string,
    object: ApiObject,
    options: { fieldManager: string; force: boolean; signal: AbortSignal },
  ): Promise<ApiObject> {
    const query = { fieldManager: options.fieldManager, force: String(options.force) };
    return this.#request({
      method: "PATCH",
      path,
      query,
      body: object,
      contentType: "application/apply-patch+yaml",
      signal: options.signal,
    });
  }

  /** Asks for deletion; false when there was nothing to delete. */
  async delete(path: string, propagation: string, signal: AbortSignal): Promise<boolean> {
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: propagation };
    try {
      await this.#request({
        method: "DELETE",
        path,
        body,
        contentType: "application/json",
        signal,
      });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
  }

  async #kind(apiVersion: string, kind: string, signal: AbortSignal): Promise<Kind> {
    const deadline = Date.now() + kindAppearsSeconds * 1000;
    for (;;) {
      const known =
        this.#kinds.get(apiVersion)?.get(kind) ?? (await this.#discover(apiVersion, kind, signal));
      if (known !== undefined) return known;
      if (Date.now() > deadline) {
        throw new ApiError(404, "NotFound", `the API server has no kind ${kind} in ${apiVersion}`);
      }
      await delay(1000, undefined, { signal });
    }
  }

  async #discover(
    apiVersion: string,
    kind: string,
    signal: AbortSignal,
  ): Promise<Kind | undefined> {
    const found = await this.get(rootOf(apiVersion), signal);
    const resources = at(found, "resources");
    if (!Array.isArray(resources)) return undefined;
    const kinds = new Map<string, Kind>();
    for (const resource of resources) {
      const plural = String(at(resource, "name"));
      if (plural.includes("/")) continue;
      kinds.set(String(at(resource, "kind")), {
        plural,
        namespaced: at(resource, "namespaced") === true,
      });
    }
    this.#kinds.set(apiVersion, kinds);
    return kinds.get(kind);
  }

  /** Sends a request; tries again while the server cannot be reached or is overloaded. */
  async #request(request: Request): Promise<ApiObject> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send(request);
      } catch (error) {
        request.signal.throwIfAborted();
        const mayPass =
          error instanceof UnreachableError ||
          (error instanceof ApiError && [429, 500, 502, 503, 504].includes(error.status));
        if (!mayPass || attempt === tries) throw error;
      }
      await delay(firstRetryMilliseconds * 2 ** attempt, undefined, { signal: request.signal });
    }
  }

  async #send(request: Request): Promise<ApiObject> {
    const server = this.#config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error("the kubeconfig has no cluster for its context");
    const url = new URL(server.replace(/\/$/, "") + request.path);
    for (const [key, value] of Object.entries(request.query ?? {}))
      url.searchParams.set(key, value);
    const options: https.RequestOptions = {
      method: request.method,
      headers: {
        Accept: "application/json",
        ...(request.contentType === undefined ? {} : { "Content-Type": request.contentType }),
      },
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(requestSeconds * 1000)]),
    };
    await this.#signIn(options);
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const { status, text } = await exchange(url, options, body);
    const answer = parse(text);
    if (status >= 200 && status < 300) return answer;
    throw new ApiError(
      status,
      String(answer.reason ?? ""),
      String(answer.message ?? `the API server answered with status ${status}`),
    );
  }

  /** A kubeconfig may name a command that gives the token, e.g. "aws eks get-token". */
  async #signIn(options: https.RequestOptions): Promise<void> {
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (error) {
      const command = this.#config.getCurrentUser()?.exec?.command;
      if (command === undefined) throw error;
      const why = String(error instanceof Error ? error.message : error).trim();
      throw new Error(`the kubeconfig signs in by "${command}": ${why}`, { cause: error });
    }
  }
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function parse(text: string): ApiObject {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text.slice(0, 500) };
  }
}

function exchange(
  url: URL,
  options: https.RequestOptions,
  body: string | undefined,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    // Not by `import`: that would read every export of node:http, and load its WebSocket client.
    const http = process.getBuiltinModule("node:http");
    const send = url.protocol === "http:" ? http.request : https.request;
    const { agent, ...rest } = options;
    // An agent for https cannot serve plain http, which a test server may speak.
    const request = send(url, url.protocol === "http:" ? rest : { ...rest, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", fail);
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    const fail = (error: Error) =>
      reject(
        new UnreachableError(`cannot reach the API server at ${url.origin}: ${error.message}`, {
          cause: error,
        }),
      );
    request.once("error", fail);
    request.end(body);
  });
}

const clients = new Map<string, ApiClient>();

/** The client for a provider's inputs; shared by all resources of that provider. */
export async function apiClient(providerInputs: Inputs): Promise<ApiClient> {
  const key = JSON.stringify(providerInputs);
  let client = clients.get(key);
  if (client === undefined) {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    loadKubeconfig(config, providerInputs);
    client = new ApiClient(config, text(providerInputs.namespace));
    clients.set(key, client);
  }
  return client;
}

function loadKubeconfig(config: KubeConfig, inputs: Inputs): void {
  const given = text(inputs.kubeconfig);
  if (given === undefined) config.loadFromDefault();
  // As the original takes it: the content, or the path of a file.
  else loadText(config, /[\n{]/.test(given) ? given : readFileSync(given, "utf8"));
  const context = text(inputs.context);
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = text(inputs.cluster);
  if (cluster !== undefined) {
    config.contexts = config.contexts.map((candidate) =>
      candidate.name === config.currentContext ? { ...candidate, cluster } : candidate,
    );
  }
}

/** @throws Error without the parser's words: they quote lines of the file, and its keys with them. */
function loadText(config: KubeConfig, content: string): void {
  try {
    config.loadFromString(content);
  } catch (error) {
    const { mark } = error as { mark?: { line?: number } };
    const where = mark?.line === undefined ? "" : `: see its line ${mark.line + 1}`;
    throw new Error(`the kubeconfig cannot be read as YAML${where}`);
  }
}

function text(value: Inputs[string] | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
