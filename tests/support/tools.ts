import { spawnSync } from "node:child_process";

/** Skips the test, and says so, where a program that checks for real is not installed. */
export function needs(context: Mocha.Context, program: string): void {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  const found = spawnSync("sh", ["-c", `command -v ${program}`], { env: { PATH: path } });
  if (found.status === 0) return;
  console.error(`      NOT CHECKED: ${program} is not installed`);
  context.skip();
}

/** Runs a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string; timeoutSeconds?: number } = {},
): { status: number | null; output: string; error: string } {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  const result = spawnSync(program, args, {
    encoding: "utf8",
    env: { PATH: path, ...options.env },
    input: options.input ?? "",
    timeout: (options.timeoutSeconds ?? 20) * 1000,
  });
  return { status: result.status, output: result.stdout, error: result.stderr };
}
