import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Project, StackConfig } from "../project.ts";
import type { Deployment } from "./deployment.ts";
import { type ProgramExit, startProgram } from "./languageHost.ts";
import type { MonitorBackend } from "./monitor.ts";
import type { Diagnostic } from "./observer.ts";

export interface ProgramRunOptions {
  project: Project;
  stack: string;
  config: StackConfig;
  dryRun: boolean;
  parallel: number;
  env: NodeJS.ProcessEnv;
  /** The run that registrations go to; awaited while the program starts. */
  deployment: Promise<Deployment>;
  diagnostic(diagnostic: Diagnostic): void;
  /** Ends the program at once. */
  signal: AbortSignal;
}

/**
 * Runs the program once against a deployment. The program starts before the services are loaded;
 * its connections wait meanwhile. Resolves when the program has ended.
 */
export async function runProgram(options: ProgramRunOptions): Promise<ProgramExit> {
  const folder = await mkdtemp(path.join(tmpdir(), "quorum-engine-"));
  const early: Socket[] = [];
  let accept = (socket: Socket): void => void early.push(socket);
  const listener = createServer({ pauseOnConnect: true }, (socket) => accept(socket));
  try {
    const socketFile = path.join(folder, "engine.sock");
    await listen(listener, socketFile);
    const program = startProgram({
      ...options,
      address: `unix:${socketFile}`,
      onLine: (line) => {
        if (line !== "") options.diagnostic({ severity: "info", message: line, urn: undefined });
      },
    });
    const kill = () => program.kill();
    options.signal.addEventListener("abort", kill);
    try {
      const { Monitor } = await import("./monitor.ts");
      const monitor = new Monitor(await backend(options));
      accept = (socket) => monitor.accept(socket.resume());
      for (const socket of early.splice(0)) accept(socket);
      const exit = await program.exit;
      monitor.close();
      return exit;
    } finally {
      options.signal.removeEventListener("abort", kill);
      program.kill();
    }
  } finally {
    listener.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function listen(server: Server, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(file, resolve);
  });
}

async function backend(options: ProgramRunOptions): Promise<MonitorBackend> {
  const deployment = await options.deployment;
  const warned = new Set<string>();
  return {
    project: options.project.name,
    stack: options.stack,
    dryRun: options.dryRun,
    diagnostic: options.diagnostic,
    fail(message) {
      options.diagnostic({ severity: "error", message, urn: undefined });
      deployment.stop(message);
    },
    register: (registration) => deployment.register(registration),
    registerOutputs: (urn, outputs) => deployment.registerOutputs(urn, outputs),
    read: (request) => deployment.read(request),
    drained: async () => {},
    async invoke(token, inputs) {
      if (token === "pulumi:pulumi:getResource") return getResource(deployment, inputs.urn);
      if (!options.dryRun) {
        throw new Error(`function ${token} needs its provider: install the Pulumi CLI`);
      }
      if (!warned.has(token)) {
        warned.add(token);
        const message = `${token} is not called without its provider; its result stays unknown`;
        options.diagnostic({ severity: "warning", message, urn: undefined });
      }
      return undefined;
    },
  };
}

function getResource(deployment: Deployment, urn: unknown) {
  const state = deployment.states.get(String(urn));
  if (state === undefined) throw new Error(`unknown resource ${String(urn)}`);
  return { urn: state.urn, id: state.id ?? "", state: state.outputs };
}
