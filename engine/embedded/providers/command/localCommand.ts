import { spawn } from "node:child_process";
import { globSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Operation } from "../../provider.ts";
import { Archive, Asset, type Inputs, type Outputs } from "../../value.ts";
import { programFolder } from "../programFolder.ts";
import { isObject } from "../values.ts";
import { failure, lineLogger, type PreviousOutput } from "./commandOutput.ts";

const killSeconds = 5;

/**
 * Runs a command of a `command:local:Command` on this machine.
 * @throws When it cannot be started or does not end with status 0.
 */
export async function runLocalCommand(
  command: string,
  inputs: Inputs,
  previous: PreviousOutput,
  operation: Operation,
): Promise<Outputs> {
  operation.signal.throwIfAborted();
  const folder = resolve(programFolder(), typeof inputs.dir === "string" ? inputs.dir : ".");
  const { how, stdout, stderr } = await execute(command, folder, inputs, previous, operation);
  operation.signal.throwIfAborted();
  if (how !== undefined) throw failure(how, inputs, { stdout, stderr });
  const outputs: Outputs = { stdout, stderr };
  const assetPaths = strings(inputs.assetPaths);
  if (assetPaths !== undefined) outputs.assets = filesMatching(folder, assetPaths);
  const archivePaths = strings(inputs.archivePaths);
  if (archivePaths !== undefined) {
    outputs.archive = new Archive({ assets: filesMatching(folder, archivePaths) });
  }
  return outputs;
}

async function execute(
  command: string,
  folder: string,
  inputs: Inputs,
  previous: PreviousOutput,
  operation: Operation,
): Promise<{ how: string | undefined; stdout: string; stderr: string }> {
  const interpreter = strings(inputs.interpreter) ?? [];
  const [program = "/bin/sh", ...flags] = interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"];
  const child = spawn(program, [...flags, command], {
    cwd: folder,
    env: environmentOf(inputs, previous),
    // A process group of its own, so that cancel reaches what the command started.
    detached: true,
  });
  const onLine = lineLogger(inputs, operation);
  const printed = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    let partialLine = "";
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      printed[stream] += text;
      const lines = (partialLine + text).split("\n");
      partialLine = lines.pop() ?? "";
      for (const line of lines) onLine(stream, line);
    });
    child[stream].on("end", () => {
      if (partialLine !== "") onLine(stream, partialLine);
    });
  }
  child.stdin.on("error", () => {});
  child.stdin.end(typeof inputs.stdin === "string" ? inputs.stdin : "");
  const how = await ended(child, operation.signal);
  return {
    how,
    stdout: printed.stdout.replace(/\n$/, ""),
    stderr: printed.stderr.replace(/\n$/, ""),
  };
}

/** How a command failed, or undefined for status 0. */
function ended(child: ReturnType<typeof spawn>, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let killTimer: NodeJS.Timeout | undefined;
    const kill = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It has ended already.
      }
    };
    const cancel = () => {
      kill("SIGTERM");
      killTimer = setTimeout(() => kill("SIGKILL"), killSeconds * 1000);
    };
    const done = () => {
      clearTimeout(killTimer);
      signal.removeEventListener("abort", cancel);
    };
    signal.addEventListener("abort", cancel, { once: true });
    child.once("error", (error) => {
      done();
      reject(new Error(`the command did not run: ${error.message}`));
    });
    child.once("close", (code, name) => {
      done();
      if (code === 0) resolve(undefined);
      else resolve(name === null ? `ended with status ${code}` : `was ended by ${name}`);
    });
  });
}

function environmentOf(inputs: Inputs, previous: PreviousOutput): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env };
  if (inputs.addPreviousOutputInEnv !== false) {
    if (previous.stdout !== "") environment.PULUMI_COMMAND_STDOUT = previous.stdout;
    if (previous.stderr !== "") environment.PULUMI_COMMAND_STDERR = previous.stderr;
  }
  if (isObject(inputs.environment)) Object.assign(environment, inputs.environment);
  return environment;
}

/** Files below a folder by glob rules in order; a rule that begins with "!" takes files out again. */
function filesMatching(folder: string, rules: readonly string[]): Record<string, Asset> {
  const found = new Map<string, Asset>();
  for (const rule of rules) {
    const excludes = rule.startsWith("!");
    for (const path of globSync(excludes ? rule.slice(1) : rule, { cwd: folder })) {
      const full = join(folder, path);
      if (excludes) found.delete(path);
      else if (statSync(full).isFile()) found.set(path, new Asset({ path: full }));
    }
  }
  return Object.fromEntries([...found].sort());
}

function strings(value: Inputs[string] | undefined): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}
