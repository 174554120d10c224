import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { parse } from "yaml";

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

/** An answer of the API. */
export interface ApiAnswer {
  status: number;
  body: string;
}

export interface AskOptions {
  /** Default "GET". */
  method?: string;
  /** Base URL of one API server. */
  server?: string;
  /** Sent as JSON. */
  body?: unknown;
  /** Of the body; a patch has one of its own. Default "application/json". */
  contentType?: string;
  /** Default 5. */
  timeoutSeconds?: number;
}

/** Minimal access to one or any API server, on a new connection each time. */
export class ApiClient {
  readonly #server: string;
  readonly #agentOptions: { ca: Buffer; cert: Buffer; key: Buffer };

  /** Errors: the file is no kubeconfig with embedded certificates. */
  constructor(kubeconfigFile: string) {
    const file = parse(readFileSync(kubeconfigFile, "utf8")) as Kubeconfig;
    const cluster = file.clusters[0]?.cluster;
    const user = file.users[0]?.user;
    if (cluster === undefined || user === undefined) {
      throw new Error(`${kubeconfigFile}: no cluster or no user`);
    }
    const decode = (text: string) => Buffer.from(text, "base64");
    this.#server = cluster.server;
    this.#agentOptions = {
      ca: decode(cluster["certificate-authority-data"]),
      cert: decode(user["client-certificate-data"]),
      key: decode(user["client-key-data"]),
    };
  }

  /** Ask for a path; `server` replaces the kubeconfig's. Errors: no answer within the time. */
  ask(path: string, options: AskOptions = {}): Promise<ApiAnswer> {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    return new Promise((resolve, reject) => {
      const agent = new Agent({ ...this.#agentOptions, keepAlive: false });
      const outgoing = request(
        new URL(path, options.server ?? this.#server),
        {
          agent,
          method: options.method ?? "GET",
          headers: {
            Accept: "application/json",
            "Content-Type": options.contentType ?? "application/json",
          },
          signal: AbortSignal.timeout((options.timeoutSeconds ?? 5) * 1000),
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8");
          answer.on("data", (chunk: string) => {
            text += chunk;
          });
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
          answer.on("error", reject);
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  /** Ask for JSON. Errors: any answer but 2xx. */
  async json<Value>(path: string, options: AskOptions = {}): Promise<Value> {
    const answer = await this.ask(path, options);
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(
        `${options.method ?? "GET"} ${path}: HTTP ${answer.status} ${answer.body.slice(0, 200)}`,
      );
    }
    return JSON.parse(answer.body) as Value;
  }
}
