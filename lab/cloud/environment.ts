import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cached, cacheKey } from "../cache.ts";
import { installPackages } from "../prerequisites.ts";
import { run } from "../process.ts";

const requirementsFile = join(import.meta.dirname, "requirements.txt");
const venvCheck = "import ensurepip, venv";
const describe = "import platform, sys; print(sys.version, platform.machine())";

/**
 * Python with moto and what it needs, at the exact versions of requirements.txt, held against their
 * digests; made once for each Python of this computer. Installs Python where it is missing.
 * @returns the interpreter.
 */
export async function ensureCloudEnvironment(): Promise<string> {
  if (!(await canMakeEnvironments())) await installPackages(["python3", "python3-venv"]);
  const python = (await run("python3", ["-c", describe])).stdout.trim();
  const key = cacheKey([readFileSync(requirementsFile, "utf8"), python]);
  const dir = await cached("cloud", `moto-${key}`, async (unfinished) => {
    await run("python3", ["-m", "venv", unfinished]);
    // Not by the environment's own `pip`: its first line names the folder's unfinished name.
    const install = ["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--require-hashes"];
    await run(join(unfinished, "bin/python"), [...install, "--requirement", requirementsFile], {
      environment: { PIP_DISABLE_PIP_VERSION_CHECK: "1" },
    });
  });
  return join(dir, "bin/python");
}

async function canMakeEnvironments(): Promise<boolean> {
  try {
    return (await run("python3", ["-c", venvCheck], { mayFail: true })).exitCode === 0;
  } catch {
    return false; // there is no python3
  }
}
