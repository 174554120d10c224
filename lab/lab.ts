import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseConfig } from "../config/parse.ts";
import { rawConfigOfStackFile } from "../config/stackFile.ts";
import { type SelfManagedVersions, selfManagedVersions } from "../config/versions.ts";
import { ensureHostImage, type HostImage, type ImageStep, missingImageSteps } from "./hostImage.ts";
import { installPrograms, otherPrograms } from "./machinePrograms.ts";
import { Lab } from "./machines.ts";
import { labDir, passphraseFile } from "./paths.ts";
import { computerProblems, installPackages, missingPackages } from "./prerequisites.ts";
import { run } from "./process.ts";
import type { Progress } from "./progress.ts";
import { readLabStack, stackFile } from "./stackFile.ts";
import {
  canBuildFromSource,
  ensureToolchain,
  missingComponents,
  type Toolchain,
} from "./toolchain.ts";

export interface LabOptions {
  /** Stack name, or path of a stack file. */
  stack: string;
  projectDir: string;
  /** Take official releases even where Go is present. Default false. */
  preferDownload?: boolean;
  /** Base URL that stands for the release hosts. */
  mirror?: string;
}

/** Seconds on 2 cores, measured; they stand in until a step has run on this computer. */
const firstBuildSeconds: Record<string, number> = {
  kubernetes: 380,
  etcd: 60,
  containerd: 60,
  runc: 15,
  "cni-plugins": 5,
  coredns: 110,
  "cri-tools": 30,
  small: 2,
};

const imageStepNames: Record<ImageStep, string> = {
  debian: "install Debian into the host image",
  programs: "lay Kubernetes programs into the host image",
  images: "pack and load container images",
};

const bootGuessSeconds = 15;
const clusterGuessSeconds = 150;

/** Versions of a stack. Errors: a release that we do not know. */
export function versionsOf(kubernetesVersion: string): SelfManagedVersions {
  const versions = selfManagedVersions[kubernetesVersion];
  if (versions === undefined) {
    const known = Object.keys(selfManagedVersions).join(", ");
    throw new Error(
      `quorum:kubernetes.version: no release "${kubernetesVersion}" (known: ${known})`,
    );
  }
  return versions;
}

/**
 * Bring a lab's machines up: check this computer, install what is missing, build or fetch the
 * toolchain and the host image, boot. Whatever is there already is kept, so an interrupted run
 * carries on where it was.
 */
export async function bringMachinesUp(options: LabOptions, progress: Progress): Promise<Lab> {
  const { spec, kubernetesVersion } = readLabStack(options.stack, options.projectDir);
  const versions = versionsOf(kubernetesVersion);
  const lab = new Lab(spec);
  const waiting = lab.names.filter((name) => !lab.machine(name).isOn());
  await prepareComputer(waiting.length, options, progress);
  const image = await provideImage(versions, options, progress);
  mkdirSync(lab.dir, { recursive: true, mode: 0o700 });
  ensurePassphrase(spec.name);
  if (waiting.length > 0) await bootMachines(lab, waiting.length, image, progress);
  await refreshPrograms(lab, image, progress);
  return lab;
}

async function bootMachines(
  lab: Lab,
  waiting: number,
  image: HostImage,
  progress: Progress,
): Promise<void> {
  await progress.step(
    `boot ${waiting} machines`,
    async (note) => {
      let up = 0;
      await lab.boot(image, () => note(`${++up} of ${lab.names.length} up`));
    },
    bootGuessSeconds,
  );
}

/** Machines that are on get the programs and images of the stack's release before the stack runs. */
async function refreshPrograms(lab: Lab, image: HostImage, progress: Progress): Promise<void> {
  const old = lab.names
    .map((name) => lab.machine(name))
    .filter((machine) => otherPrograms(machine, image).length > 0);
  if (old.length === 0) return;
  await progress.step(`install other programs on ${old.length} machines`, async (note) => {
    for (const machine of old) {
      note(machine.name);
      await installPrograms(machine, image);
    }
  });
}

/**
 * Provision the cluster of a stack on its machines, by the same command as for any other stack.
 * Errors: the stack run failed; what it said has been printed.
 */
export async function provision(options: LabOptions, lab: Lab, progress: Progress): Promise<void> {
  const name = lab.spec.name;
  const args = ["up", "--stack", name, "--engine", "embedded", "--yes"];
  const environment = { PULUMI_CONFIG_PASSPHRASE_FILE: ensurePassphrase(name) };
  progress.say(`bin/quorum ${args.join(" ")}`);
  await progress.step(
    `provision the cluster of ${lab.names.length} machines`,
    () => runInForeground(join(options.projectDir, "bin/quorum"), args, environment),
    clusterGuessSeconds,
  );
  for (const stray of lab.strays()) progress.say(`${stray} is no longer in the stack: removing it`);
  await lab.removeStrays();
}

/** Run a command on our own terminal. On Ctrl-C it is the one to decide how to end; we wait for it. */
function runInForeground(
  program: string,
  args: readonly string[],
  environment: Record<string, string>,
): Promise<void> {
  const wait = () => undefined;
  process.on("SIGINT", wait);
  return new Promise<void>((resolve, reject) => {
    const env = { ...process.env, ...environment };
    const child = spawn(program, args, { stdio: "inherit", env });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error("the cluster is not up; the same command carries on where it stopped"));
    });
  }).finally(() => process.off("SIGINT", wait));
}

/** Everything wrong with the stack's configuration, before anything long begins. Errors: ConfigError. */
export function checkStack(options: LabOptions): void {
  const file = stackFile(options.stack, options.projectDir);
  if (existsSync(file)) parseConfig(rawConfigOfStackFile(readFileSync(file, "utf8")));
}

async function prepareComputer(
  machines: number,
  options: LabOptions,
  progress: Progress,
): Promise<void> {
  const problems = await computerProblems(machines);
  if (problems.length > 0) {
    throw new Error(
      `this computer cannot run the lab:\n${problems.map((p) => `  - ${p}`).join("\n")}`,
    );
  }
  const missing = await missingPackages(
    options.preferDownload !== true && (await canBuildFromSource()),
  );
  if (missing.size === 0) return;
  progress.say("These Debian packages will be installed:");
  for (const [name, purpose] of missing) progress.say(`  ${name.padEnd(20)}${purpose}`);
  await progress.step("install packages", () => installPackages([...missing.keys()]), 15);
}

/** Path of this computer's copy of kubectl. */
export async function kubectlPath(options: LabOptions): Promise<string> {
  const { kubernetesVersion } = readLabStack(options.stack, options.projectDir);
  const toolchain = await ensureToolchain(versionsOf(kubernetesVersion), { only: "kubernetes" });
  return toolchain.get("kubectl") ?? "kubectl";
}

/** Toolchain and host image for these versions, with progress. */
export async function provideImage(
  versions: SelfManagedVersions,
  options: Pick<LabOptions, "preferDownload" | "mirror">,
  progress: Progress,
): Promise<HostImage> {
  const components = missingComponents(versions);
  const steps = missingImageSteps(versions);
  if (components.length > 0) {
    const seconds = components
      .map((name) => progress.usualSeconds(`build ${name}`, firstBuildSeconds[name]) ?? 0)
      .reduce((sum, one) => sum + one, 0);
    progress.say(
      `Toolchain: ${components.join(", ")} to be made, once: about ${Math.ceil(seconds / 60)} min`,
    );
  }
  const toolchain = await provideToolchain(versions, components, options, progress);
  if (steps.length === 0) return ensureHostImage(versions, toolchain);
  return progress.step(
    "make the host image",
    (note) => ensureHostImage(versions, toolchain, (step) => note(imageStepNames[step])),
    90,
  );
}

async function provideToolchain(
  versions: SelfManagedVersions,
  components: readonly string[],
  options: Pick<LabOptions, "preferDownload" | "mirror">,
  progress: Progress,
): Promise<Toolchain> {
  const how = {
    ...(options.preferDownload === undefined ? {} : { preferDownload: options.preferDownload }),
    ...(options.mirror === undefined ? {} : { mirror: options.mirror }),
  };
  for (const name of components) {
    await progress.step(
      `build ${name}`,
      () => ensureToolchain(versions, { ...how, only: name }),
      firstBuildSeconds[name],
    );
  }
  return ensureToolchain(versions, how);
}

/** File with the passphrase of the lab's engine state; made once, readable by its owner alone. */
export function ensurePassphrase(labName: string): string {
  const file = passphraseFile(labName);
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
  }
  return file;
}

/** Machines of a lab as they are now: one line each. */
export function describeMachines(lab: Lab): string[] {
  const width = Math.max(...lab.names.map((name) => name.length));
  return lab.names.map((name) => {
    const { host } = lab.machine(name);
    const state = lab.machine(name).isOn() ? "on " : "off";
    return `${name.padEnd(width)}  ${state}  ${host.address.padEnd(15)}  zone ${host.zone}  ${host.roles.join(", ")}`;
  });
}

/** Arguments of ssh for one machine of a lab. */
export function sshArguments(lab: Lab, machineName: string): string[] {
  const { host } = lab.machine(machineName);
  const dir = join(labDir(lab.spec.name), "ssh");
  return [
    ...["-i", join(dir, "id_ed25519"), "-o", `UserKnownHostsFile=${join(dir, "known_hosts")}`],
    ...["-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR"],
    `root@${host.address}`,
  ];
}

/** Last lines of a machine's journal, of one unit or of everything. */
export async function machineLogs(
  lab: Lab,
  machineName: string,
  options: { unit?: string; lines: number },
): Promise<string> {
  const unit = options.unit === undefined ? [] : [`--unit=${options.unit}`];
  const command = ["journalctl", "--no-pager", "--output=short-iso", `--lines=${options.lines}`];
  const machine = lab.machine(machineName);
  if (machine.isOn()) return (await machine.exec([...command, ...unit])).stdout;
  const journal = join(machine.paths.upper, "var/log/journal");
  return (await run("journalctl", [...command.slice(1), ...unit, `--directory=${journal}`])).stdout;
}
