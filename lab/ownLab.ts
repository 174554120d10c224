import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { selfManagedVersions } from "../config/versions.ts";
import { writeKubeconfig } from "./cluster.ts";
import type { FaultCluster } from "./faults/fault.ts";
import { clusterProblems, waitUntilHealthy } from "./faults/health.ts";
import { ensureHostImage } from "./hostImage.ts";
import { Lab } from "./machines.ts";
import { labDir, passphraseFile } from "./paths.ts";
import { ensureProber } from "./prober.ts";
import { type CommandResult, run } from "./process.ts";
import { labStackText, readLabStack } from "./stackFile.ts";
import { ensureToolchain } from "./toolchain.ts";

/** A machine as a stack file describes it. */
export interface StackHost {
  address: string;
  zone: string;
  roles: string[];
  /** Of a worker: without it the proof cannot count on the machine, and `up` refuses. */
  size?: { cpus: number; memoryGiB: number };
}

/** A whole cluster in a lab, and how to reach it. */
export interface LabCluster extends FaultCluster {
  kubeconfig: string;
}

const healthySeconds = 300;
const commandSeconds = 1800;

/**
 * A lab for tests and benchmarks: like the user's, but with a name, addresses, engine state and
 * output of its own, so that neither touches the other. Its stack file lies in the checkout while it
 * is in use.
 */
export class OwnLab {
  readonly name: string;
  readonly projectDir = resolve(import.meta.dirname, "..");
  /** Folder of engine state, histories and what our commands printed. */
  readonly dir: string;
  readonly #subnetNumber: number;
  #cluster: Promise<LabCluster> | undefined;

  constructor(name: string, subnetNumber: number) {
    this.name = name;
    this.dir = join(this.projectDir, ".cache", name);
    this.#subnetNumber = subnetNumber;
  }

  get stateDir(): string {
    return join(this.dir, "state");
  }

  get #stackFile(): string {
    return join(this.projectDir, `Pulumi.${this.name}.yaml`);
  }

  /**
   * Write the stack file: the lab's, with further hosts, another release of Kubernetes, or other
   * settings, e.g. `guard`, or `hosts` in place of the lab's.
   */
  writeStack(
    extraHosts: Record<string, StackHost> = {},
    kubernetesVersion?: string,
    settings: Record<string, unknown> = {},
  ): void {
    const first = readFileSync(join(this.projectDir, "Pulumi.lab.yaml"), "utf8");
    const stack = parseDocument(labStackText(first, this.name, this.#subnetNumber));
    const set = (path: string[], value: unknown) =>
      stack.setIn(["config", ...path], stack.createNode(value));
    for (const [key, value] of Object.entries(settings)) set([`quorum:${key}`], value);
    for (const [name, host] of Object.entries(extraHosts)) set(["quorum:hosts", name], host);
    if (kubernetesVersion !== undefined) set(["quorum:kubernetes", "version"], kubernetesVersion);
    writeFileSync(this.#stackFile, String(stack));
  }

  /** The lab as its stack file has it, without touching a machine. */
  planned(): Lab {
    if (!existsSync(this.#stackFile)) this.writeStack();
    return new Lab(readLabStack(this.name, this.projectDir).spec);
  }

  /** Run `bin/quorum` with this lab's state; what it prints is kept. Errors: its last words. */
  async quorum(args: readonly string[]): Promise<CommandResult> {
    mkdirSync(this.stateDir, { recursive: true });
    const result = await run(join(this.projectDir, "bin/quorum"), args, {
      environment: {
        QUORUM_STATE_DIR: this.stateDir,
        PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(this.name),
      },
      mayFail: true,
      timeoutSeconds: commandSeconds,
    });
    writeFileSync(join(this.dir, "output.log"), `${result.stdout}${result.stderr}`, { flag: "a" });
    if (result.exitCode === 0) return result;
    const words = `${result.stdout.slice(-3000)}\n${result.stderr.slice(-2000)}`;
    throw new Error(`quorum ${args.join(" ")} failed:\n${words}`);
  }

  /** Everything that commands of this lab have printed. */
  printed(): string {
    const file = join(this.dir, "output.log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Machines and cluster as the stack file asks for. */
  async up(): Promise<void> {
    if (!existsSync(this.#stackFile)) this.writeStack();
    await this.quorum(["lab", "up", "--stack", this.name]);
  }

  /** The cluster in full health; the first call brings it up. Errors: what is not healthy. */
  async cluster(): Promise<LabCluster> {
    this.#cluster ??= this.#bringUp();
    const found = await this.#cluster;
    await waitUntilHealthy(found.problems, healthySeconds);
    return found;
  }

  async #bringUp(): Promise<LabCluster> {
    // Machines without the state that made them, or the state without machines, are left from elsewhere.
    if (existsSync(this.stateDir) !== existsSync(labDir(this.name))) await this.down();
    await this.up();
    const lab = Lab.open(this.name);
    const kubeconfig = await writeKubeconfig(lab);
    const versions =
      selfManagedVersions[readLabStack(this.name, this.projectDir).kubernetesVersion];
    if (versions === undefined) throw new Error("the stack's release is not known");
    return {
      lab,
      image: await ensureHostImage(versions, await ensureToolchain(versions)),
      prober: await ensureProber(),
      historyDir: join(this.dir, "histories"),
      kubeconfig,
      target: () => ({ kubeconfig }),
      problems: () => clusterProblems(Lab.open(this.name), kubeconfig),
    };
  }

  /** Remove machines, cluster, stack file and state; results stay. */
  async down(): Promise<void> {
    if (!existsSync(this.#stackFile)) this.writeStack();
    await this.quorum(["lab", "down", "--stack", this.name]);
    this.#cluster = undefined;
    rmSync(this.#stackFile, { force: true });
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}
