import { request } from "node:http";

/** Ways in which a service fails: it refuses, is asked too often, or takes requests and never answers. */
export type Failure = "refuse" | "throttle" | "hang";

/** What the cloud's metadata service knows of a machine. */
export interface MachineFacts {
  instanceId: string;
  zone: string;
  region: string;
  account: string;
  role: string;
  group: string;
  userData: string;
  hardwareAddress: string;
  cidr: string;
  lifecycleState?: string;
}

const answerSeconds = 30;

/** The lab's hand on its cloud (standIn/control.py). */
export class CloudControl {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Call AWS's API as the lab, e.g. ("ec2", "run_instances", {…}). Errors: what AWS says. */
  aws<Answer>(service: string, operation: string, parameters: object = {}): Promise<Answer> {
    return this.#ask("POST", "/aws", { service, operation, parameters });
  }

  async setMachines(machines: Record<string, MachineFacts>): Promise<void> {
    await this.#ask("POST", "/machines", machines);
  }

  async setPolicies(policies: object): Promise<void> {
    await this.#ask("POST", "/policies", policies);
  }

  async setTargets(addresses: readonly string[]): Promise<void> {
    await this.#ask("POST", "/targets", addresses);
  }

  /** Targets of the balancer, and whether each is healthy. */
  targets(): Promise<Record<string, boolean>> {
    return this.#ask("GET", "/targets");
  }

  /** Make these services, and no others, fail for machines. */
  async setFailing(failing: Record<string, Failure>): Promise<void> {
    await this.#ask("POST", "/failing", failing);
  }

  /** Calls of machines that the policies of their roles did not allow. */
  denied(): Promise<string[]> {
    return this.#ask("GET", "/denied");
  }

  /** Ids of machines that were asked to go and have said that they may be terminated. */
  mayGo(): Promise<string[]> {
    return this.#ask("GET", "/may-go");
  }

  #ask<Answer>(method: string, path: string, value?: unknown): Promise<Answer> {
    const body = value === undefined ? undefined : JSON.stringify(value);
    const headers = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          socketPath: this.#socket,
          method,
          path,
          headers,
          signal: AbortSignal.timeout(answerSeconds * 1000),
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8");
          answer.on("data", (chunk: string) => {
            text += chunk;
          });
          answer.on("end", () => {
            const said = JSON.parse(text) as Answer & { error?: string };
            if (answer.statusCode === 200) resolve(said);
            else reject(new Error(`the lab's cloud, ${path}: ${said.error}`));
          });
          answer.on("error", reject);
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }
}
