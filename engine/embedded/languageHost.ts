import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import type { Project, StackConfig } from "../project.ts";

/** Exit code of a program whose error has been reported already; a convention of the SDK. */
const alreadyReported = 32;

const preload = new URL("programPreload.ts", import.meta.url).href;

export interface ProgramOptions {
  project: Project;
  stack: string;
  config: StackConfig;
  /** Address of the resource monitor and engine services. */
  address: string;
  dryRun: boolean;
  parallel: number;
  env: NodeJS.ProcessEnv;
  /** Called with every line that the program writes to its standard output or error. */
  onLine(line: string, stream: "stdout" | "stderr"): void;
}

export interface ProgramExit {
  succeeded: boolean;
  /** The program or its runtime said why already. */
  reported: boolean;
  /** How it ended, for people. */
  description: string;
}

export interface RunningProgram {
  exit: Promise<ProgramExit>;
  /** Ends the process and everything that it started. */
  kill(): void;
}

/** Starts the program as Pulumi's Node language host does, in a process group of its own. */
export function startProgram(options: ProgramOptions): RunningProgram {
  const { project, stack, config, address } = options;
  const programFolder = project.root;
  // Resolved from the program: it must run with its own copy of the SDK.
  const resolve = createRequire(path.join(programFolder, "package.json")).resolve;
  const child = spawn(
    process.execPath,
    [
      ...(project.typescript ? [] : ["--import", preload]),
      ...project.nodeArguments,
      resolve("@pulumi/pulumi/cmd/run"),
      `--monitor=${address}`,
      `--engine=${address}`,
      "--organization=organization",
      `--project=${project.name}`,
      `--root-directory=${project.root}`,
      `--stack=${stack}`,
      `--pwd=${programFolder}`,
      ...(options.dryRun ? ["--dry-run"] : []),
      `--parallel=${options.parallel}`,
      project.main,
    ],
    {
      cwd: programFolder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...options.env,
        PULUMI_CONFIG: JSON.stringify(config.values),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(config.secretKeys),
        PULUMI_NODEJS_TYPESCRIPT: String(project.typescript),
      },
    },
  );
  readLines(child, "stdout", options.onLine);
  readLines(child, "stderr", options.onLine);
  return { exit: exitOf(child), kill: () => killGroup(child) };
}

function exitOf(child: ChildProcess): Promise<ProgramExit> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve({
        succeeded: code === 0,
        reported: code === alreadyReported,
        description: signal === null ? `exit code ${code}` : `signal ${signal}`,
      });
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended in the meantime.
  }
}

function readLines(
  child: ChildProcess,
  name: "stdout" | "stderr",
  onLine: ProgramOptions["onLine"],
): void {
  let rest = "";
  const stream = child[name];
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line, name);
  });
  stream?.on("end", () => {
    if (rest !== "") onLine(rest, name);
  });
}
