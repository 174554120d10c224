import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import { decodeWireMap, encodeWireMap, type JsonMap } from "../../propertyCodec.ts";
import { type Operation, PartialResourceError } from "../../provider.ts";
import type { Inputs, Outputs } from "../../value.ts";

const startSeconds = 60;
/** Serialised providers and properties may be large; the SDK itself sets no limit. */
const channelOptions = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
};

type Struct = InstanceType<typeof structs.Struct>;
export type ProviderClient = InstanceType<typeof services.ResourceProviderClient>;

interface Running {
  child: ChildProcess;
  client: ProviderClient;
}

/**
 * The SDK's own host of dynamic providers, in a process of its own: user code that hangs or crashes
 * takes nothing else with it, and cancel can end it.
 */
export class ProviderProcess {
  readonly #programFolder: string;
  readonly #operations = new Set<Operation>();
  #lastOperation: Operation | undefined;
  #running: Promise<Running> | undefined;
  #child: ChildProcess | undefined;

  constructor(programFolder: string) {
    this.#programFolder = programFolder;
  }

  /** Calls the host, which is started and configured first where it is not running. */
  async call<Request, Response>(
    operation: Operation,
    request: Request,
    method: (
      client: ProviderClient,
      request: Request,
      callback: (error: Error | null, response: Response) => void,
    ) => void,
  ): Promise<Response> {
    operation.signal.throwIfAborted();
    this.#running ??= this.#start(operation);
    const starting = this.#running;
    const running = await starting.catch((error: unknown) => {
      if (this.#running === starting) this.#running = undefined;
      throw error;
    });
    this.#operations.add(operation);
    this.#lastOperation = operation;
    return new Promise<Response>((resolve, reject) => {
      const finish = () => {
        this.#operations.delete(operation);
        operation.signal.removeEventListener("abort", cancel);
      };
      const cancel = () => {
        finish();
        this.close();
        reject(new Error("cancelled; the dynamic provider was ended and may have done its work"));
      };
      operation.signal.addEventListener("abort", cancel, { once: true });
      method(running.client, request, (error, response) => {
        finish();
        if (error === null || error === undefined) resolve(response);
        else reject(failureOf(error));
      });
    });
  }

  /** Ends the process. */
  close(): void {
    const running = this.#running;
    this.#running = undefined;
    running
      ?.then(({ child, client }) => {
        client.close();
        child.kill("SIGKILL");
      })
      .catch(() => {});
  }

  async #start(operation: Operation): Promise<Running> {
    const [, project = ""] = operation.urn.replace(/^urn:pulumi:/, "").split("::");
    const { resolve } = createRequire(path.join(this.#programFolder, "package.json"));
    const child = spawn(
      process.execPath,
      // The host reports to no engine; the address is only there to be given.
      [resolve("@pulumi/pulumi/cmd/dynamic-provider"), "127.0.0.1:0"],
      {
        cwd: this.#programFolder,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, PULUMI_NODEJS_PROJECT: project },
      },
    );
    this.#child = child;
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => {
      process.off("exit", kill);
      // A host that was cut short ends after its successor has started.
      if (this.#child === child) this.#running = undefined;
    });
    const port = await this.#firstLine(child);
    const client = new services.ResourceProviderClient(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
      channelOptions,
    );
    const configure = new messages.ConfigureRequest();
    configure.setArgs(structOf(operation.providerInputs));
    await new Promise<void>((done, reject) => {
      client.configure(configure, (error: Error | null) => (error ? reject(error) : done()));
    });
    return { child, client };
  }

  /** The port, which the host prints first. What comes later is printed by user code. */
  #firstLine(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      const printed: string[] = [];
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`the host of dynamic providers did not start within ${startSeconds} s`));
      }, startSeconds * 1000);
      child.once("error", reject);
      child.once("exit", (code) => {
        clearTimeout(timer);
        reject(new Error(`the host of dynamic providers ended (${code}):\n${printed.join("\n")}`));
      });
      for (const stream of [child.stdout, child.stderr]) {
        if (stream === null) continue;
        createInterface({ input: stream }).on("line", (line) => {
          if (stream === child.stdout && /^\d+$/.test(line) && printed.length === 0) {
            clearTimeout(timer);
            resolve(line);
          } else {
            printed.push(line);
            ([...this.#operations].at(-1) ?? this.#lastOperation)?.log(line);
          }
        });
      }
    });
  }
}

export function structOf(values: Inputs): Struct {
  return structs.Struct.fromJavaScript(encodeWireMap(values));
}

export function valuesOf(struct: Struct | undefined): Outputs {
  return decodeWireMap((struct?.toJavaScript() ?? {}) as JsonMap);
}

/** The error of a call; one that names an id tells that the resource exists but is not well. */
function failureOf(error: Error): Error {
  const { details, metadata } = error as Error & {
    details?: string;
    metadata?: { get(key: string): unknown[] };
  };
  const message = details ?? error.message;
  const [encoded] = metadata?.get("grpc-status-details-bin") ?? [];
  if (Buffer.isBuffer(encoded)) {
    for (const detail of statusMessages.Status.deserializeBinary(encoded).getDetailsList()) {
      const failed = detail.unpack(
        messages.ErrorResourceInitFailed.deserializeBinary,
        "pulumirpc.ErrorResourceInitFailed",
      );
      if (failed === null) continue;
      const reasons = [message, ...failed.getReasonsList()].join("; ");
      return new PartialResourceError(reasons, failed.getId(), valuesOf(failed.getProperties()));
    }
  }
  return new Error(message, { cause: error });
}
