import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import path from "node:path";

/** The Pulumi CLI: of the npm package in `root`, else the first on PATH; undefined when there is none. */
export async function findPulumiCli(
  root: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const onPath = (env.PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
  for (const folder of [path.join(root, "node_modules", ".bin"), ...onPath]) {
    const candidate = path.join(folder, "pulumi");
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not here; try the next folder.
    }
  }
  return undefined;
}

/** The CLI runs programs with the first Node on PATH: ours, which reads TypeScript, not the system's. */
function withOwnNode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = [path.dirname(process.execPath), env.PATH ?? ""];
  return { ...env, PATH: folders.join(path.delimiter) };
}

/** Runs the CLI with this terminal. Resolves to its exit code. */
export function runPulumi(
  command: string,
  args: readonly string[],
  options: { root: string; env: NodeJS.ProcessEnv },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.root,
      env: withOwnNode(options.env),
      stdio: "inherit",
    });
    // The terminal sends Ctrl-C to both; the CLI decides when to end.
    const ignore = () => {};
    process.on("SIGINT", ignore);
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("SIGINT", ignore);
      resolve(code ?? 1);
    });
  });
}

/** Runs the CLI and returns what it prints. Throws with its own error text when it fails. */
export function capturePulumi(
  command: string,
  args: readonly string[],
  options: { root: string; env: NodeJS.ProcessEnv },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.root,
      env: withOwnNode(options.env),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", reject);
    child.once("close", (code) => {
      const output = Buffer.concat(chunks).toString("utf8");
      if (code === 0) return resolve(output);
      const what = `${command} ${args.join(" ")} ended with exit code ${code}`;
      reject(new Error([what, ...errorsIn(output)].join("\n")));
    });
  });
}

/** Errors that the CLI puts into its JSON instead of printing them. */
function errorsIn(output: string): string[] {
  try {
    const { diagnostics = [] } = JSON.parse(output) as {
      diagnostics?: { severity: string; message: string }[];
    };
    return diagnostics
      .filter(({ severity }) => severity === "error")
      .map(({ message }) => message.trimEnd());
  } catch {
    return []; // no JSON: what was wrong is on standard error
  }
}
