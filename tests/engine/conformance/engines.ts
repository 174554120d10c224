import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PreviewJson } from "../../../engine/display/previewJson.ts";
import { findPulumiCli } from "../../../engine/pulumiCli.ts";
import { programFolder, testPassphrase } from "../support/engineRun.ts";

const root = path.join(import.meta.dirname, "..", "..", "..");

export const cli = await findPulumiCli(root, process.env);

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** One engine with a stack of its own, driven by its command line as a user would. */
export interface EngineUnderTest {
  name: string;
  start(): Promise<void>;
  run(args: readonly string[], specs: unknown): Promise<CommandResult>;
  remove(): void;
}

function execute(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(file, args, { env, cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}

function engine(
  name: string,
  begin: (env: NodeJS.ProcessEnv, program: string) => Promise<void>,
): EngineUnderTest {
  const folder = mkdtempSync(path.join(tmpdir(), "quorum-test-"));
  // The CLI writes into the stack's file: it works on a copy.
  const program = path.join(folder, "program");
  cpSync(programFolder("notes"), program, { recursive: true, dereference: true });
  symlinkSync(path.join(root, "node_modules"), path.join(program, "node_modules"));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    QUORUM_STATE_DIR: path.join(folder, "state"),
    PULUMI_CONFIG_PASSPHRASE: testPassphrase,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_HOME: path.join(folder, "home"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    NO_COLOR: "1",
  };
  return {
    name,
    start: () => begin(env, program),
    run: (args, specs) =>
      execute(
        path.join(root, "bin", "quorum"),
        [...args, "--engine", name, "--stack", "test", "-C", program],
        { ...env, NOTES: JSON.stringify(specs) },
        root,
      ),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const embedded = () => engine("embedded", async () => {});

export const pulumi = () =>
  engine("pulumi", async (env, program) => {
    const made = await execute(cli ?? "", ["stack", "init", "test"], env, program);
    if (made.code !== 0) throw new Error(made.stderr);
  });

/** Operations of a preview by resource name, unchanged ones included, the stack itself left out. */
export function plannedOperations(json: string): Record<string, string> {
  const steps = (JSON.parse(json) as PreviewJson).steps ?? [];
  return Object.fromEntries(
    steps
      .filter(({ urn }) => !urn.includes("::pulumi:"))
      .map(({ urn, op }) => [urn.split("::").at(-1) ?? urn, op]),
  );
}
