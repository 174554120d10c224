import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeKubeconfig } from "../../../lab/cluster.ts";
import type { FaultCluster } from "../../../lab/faults/fault.ts";
import { clusterProblems, waitUntilHealthy } from "../../../lab/faults/health.ts";
import { Lab } from "../../../lab/machines.ts";
import { ensureProber } from "../../../lab/prober.ts";
import { type CommandResult, run } from "../../../lab/process.ts";
import { labStackText } from "../../../lab/stackFile.ts";
import { hostImage } from "./smallLab.ts";

/** One whole cluster, brought up once for all tests that need it, and taken down by the last of them. */
export const testLabName = "labtest";
const subnetNumber = 77;

export const projectDir = resolve(import.meta.dirname, "../../..");
const stackFile = join(projectDir, `Pulumi.${testLabName}.yaml`);
/** Engine state of the test lab, apart from the user's own. */
export const stateDir = join(projectDir, ".cache", testLabName, "state");
/** Everything that our commands have printed, for the search for secrets. */
export const outputFile = join(projectDir, ".cache", testLabName, "output.log");

const healthySeconds = 300;

/** A machine as the stack file describes it. */
export interface StackHost {
  address: string;
  zone: string;
  roles: string[];
}

/** Text of the stack file, with further hosts. */
export function stackText(extraHosts: Record<string, StackHost> = {}): string {
  const text = labStackText(
    readFileSync(join(projectDir, "Pulumi.lab.yaml"), "utf8"),
    testLabName,
    subnetNumber,
  );
  const lines = Object.entries(extraHosts).map(
    ([name, host]) => `    ${name}: ${JSON.stringify(host)}\n`,
  );
  return text.replace("  quorum:hosts:\n", `  quorum:hosts:\n${lines.join("")}`);
}

export function writeStack(extraHosts: Record<string, StackHost> = {}): void {
  writeFileSync(stackFile, stackText(extraHosts));
}

/** Run `bin/quorum` with the test lab's own state; what it prints is kept. */
export async function quorum(
  args: readonly string[],
  options: { mayFail?: boolean; environment?: Record<string, string> } = {},
): Promise<CommandResult> {
  mkdirSync(stateDir, { recursive: true });
  const result = await run(join(projectDir, "bin/quorum"), args, {
    environment: { QUORUM_STATE_DIR: stateDir, ...options.environment },
    mayFail: true,
    timeoutSeconds: 1500,
  });
  writeFileSync(outputFile, `${result.stdout}${result.stderr}`, { flag: "a" });
  if (result.exitCode !== 0 && options.mayFail !== true) {
    throw new Error(
      `quorum ${args.join(" ")} failed:\n${result.stdout.slice(-2000)}${result.stderr.slice(-2000)}`,
    );
  }
  return result;
}

let cluster: Promise<FaultCluster & { kubeconfig: string }> | undefined;

/** The test lab's cluster in full health; brought up by the first caller. */
export async function testCluster(): Promise<FaultCluster & { kubeconfig: string }> {
  cluster ??= bringUp();
  const found = await cluster;
  await waitUntilHealthy(found.problems, healthySeconds);
  return found;
}

async function bringUp(): Promise<FaultCluster & { kubeconfig: string }> {
  if (!existsSync(stackFile)) writeStack();
  await quorum(["lab", "up", "--stack", testLabName]);
  const lab = Lab.open(testLabName);
  const kubeconfig = await writeKubeconfig(lab);
  return {
    lab,
    image: await hostImage(),
    prober: await ensureProber(),
    historyDir: join(projectDir, ".cache", testLabName, "histories"),
    kubeconfig,
    target: () => ({ kubeconfig }),
    problems: () => clusterProblems(Lab.open(testLabName), kubeconfig),
  };
}

/** Text that our commands have printed so far. */
export function printed(): string {
  return existsSync(outputFile) ? readFileSync(outputFile, "utf8") : "";
}

/** Remove what the test lab has put into the checkout. */
export function forgetStack(): void {
  cluster = undefined;
  rmSync(stackFile, { force: true });
  rmSync(stateDir, { recursive: true, force: true });
}
