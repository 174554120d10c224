import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { HostRole } from "../config/schema.ts";
import { localVolumesDirectory } from "../config/shape.ts";
import { rawConfigOfStackFile } from "../config/stackFile.ts";
import { labDir, labsDir, sshKeyFile } from "./paths.ts";
import { isLabName, type LabHost, type LabSpec, labNameRule, subnetOf } from "./spec.ts";

/** File of a stack; a path is taken as it is. */
export function stackFile(stack: string, projectDir: string): string {
  if (stack.endsWith(".yaml")) return isAbsolute(stack) ? stack : join(projectDir, stack);
  return join(projectDir, `Pulumi.${stack}.yaml`);
}

/** Name of the stack that a file describes. */
export function stackName(stack: string): string {
  return stack
    .replace(/^.*\//, "")
    .replace(/^Pulumi\./, "")
    .replace(/\.yaml$/, "");
}

/** What the lab itself needs to know of a stack. */
export interface LabStack {
  spec: LabSpec;
  kubernetesVersion: string;
}

/**
 * Read the machines of a stack file. Only what the lab needs is looked at; whether a cluster can be
 * made of them is for the stack's own checks. Errors: no such file, not a `hosts` stack, no machines.
 */
export function readLabStack(stack: string, projectDir: string): LabStack {
  const file = stackFile(stack, projectDir);
  const name = stackName(stack);
  if (!existsSync(file)) {
    throw new Error(`there is no stack file ${file}: \`quorum lab new ${name}\` writes one`);
  }
  const raw = rawConfigOfStackFile(readFileSync(file, "utf8"));
  if (raw.platform !== "hosts") {
    throw new Error(`stack "${name}" is for platform "${raw.platform}"; a lab needs "hosts"`);
  }
  const hosts: Record<string, LabHost> = {};
  for (const [hostName, host] of Object.entries(record(raw.hosts))) {
    const { address, zone, roles } = record(host);
    hosts[hostName] = {
      address: `${address}`,
      zone: `${zone}`,
      roles: (Array.isArray(roles) ? roles : []) as HostRole[],
    };
  }
  const first = Object.values(hosts)[0];
  const dataDir = record(raw.etcd).dataDir;
  const kubernetesVersion = `${record(raw.kubernetes).version}`;
  const spec = {
    name,
    subnet: subnetOf(first?.address ?? ""),
    vip: `${record(raw.api).vip}`,
    etcdDataDir: typeof dataDir === "string" ? dataDir : "/var/lib/etcd",
    ...volumesDisk(raw.localVolumes),
    hosts,
  };
  return { spec, kubernetesVersion };
}

/** Room for all volumes of a worker, and a tenth for the file system. */
function volumesDisk(localVolumes: unknown): Pick<LabSpec, "volumes"> {
  if (localVolumes === undefined) return {};
  const { perHost, sizeGiB, directory } = record(localVolumes);
  const needsMiB = Number(perHost) * Number(sizeGiB) * 1024;
  return {
    volumes: {
      directory: typeof directory === "string" ? directory : localVolumesDirectory,
      sizeMiB: Math.ceil((Number.isFinite(needsMiB) ? needsMiB : 0) * 1.1) + 64,
    },
  };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Stack file that every other lab's is made from. */
const firstLab = "lab";

/** Stack file of another lab: the first one's with a name, a key and addresses of its own. */
export function labStackText(firstText: string, name: string, subnetNumber: number): string {
  return firstText
    .replaceAll(/\b198\.18\.\d+\.(?=\d)/g, `198.18.${subnetNumber}.`)
    .replace(/^( *quorum:name:).*$/m, `$1 ${name}`)
    .replace(/^( *privateKeyFile:).*$/m, `$1 ${sshKeyFile(name)}`);
}

/**
 * Write the stack file of a new lab. Errors: the name fits no lab; the file exists; the subnet
 * belongs to another lab.
 * @returns the file.
 */
export function writeNewLab(
  name: string,
  projectDir: string,
  options: { subnetNumber?: number; file?: string },
): string {
  if (!isLabName(name)) throw new Error(`"${name}": ${labNameRule}`);
  const file = options.file ?? stackFile(name, projectDir);
  if (existsSync(file)) throw new Error(`${file} is there already`);
  const taken = takenSubnets(projectDir);
  const subnetNumber = options.subnetNumber ?? firstFree(taken);
  const owner = taken.get(subnetNumber);
  if (owner !== undefined) {
    throw new Error(`198.18.${subnetNumber}.0/24 belongs to lab "${owner}": name another one`);
  }
  const first = readFileSync(stackFile(firstLab, projectDir), "utf8");
  writeFileSync(file, labStackText(first, name, subnetNumber));
  return file;
}

/** Smallest N for which 198.18.N.0/24 belongs to no lab and no stack file. */
export function firstFreeSubnet(projectDir: string): number {
  return firstFree(takenSubnets(projectDir));
}

function firstFree(taken: ReadonlyMap<number, string>): number {
  for (let number = 0; number < 256; number++) if (!taken.has(number)) return number;
  throw new Error("all 256 subnets of 198.18.0.0/16 belong to labs");
}

/** Subnet numbers in use, by labs of this computer and by stack files of this project. */
export function takenSubnets(projectDir: string): Map<number, string> {
  const taken = new Map<number, string>();
  const note = (subnet: string | undefined, owner: string) => {
    const number = /^198\.18\.(\d+)\./.exec(subnet ?? "")?.[1];
    if (number !== undefined) taken.set(Number(number), owner);
  };
  for (const name of namesOfLabs()) {
    const spec = JSON.parse(readFileSync(join(labDir(name), "lab.json"), "utf8")) as LabSpec;
    note(spec.subnet, name);
  }
  for (const fileName of readdirSync(projectDir)) {
    if (!/^Pulumi\..+\.yaml$/.test(fileName)) continue;
    const file = join(projectDir, fileName);
    try {
      const raw = rawConfigOfStackFile(readFileSync(file, "utf8"));
      if (raw.platform === "hosts") note(`${record(raw.api).vip}`, stackName(fileName));
    } catch (error) {
      throw new Error(
        `which subnets are taken cannot be told: ${file}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
  return taken;
}

/** Names of the labs on this computer, running or not. */
export function namesOfLabs(): string[] {
  if (!existsSync(labsDir())) return [];
  return readdirSync(labsDir()).filter((name) => existsSync(join(labDir(name), "lab.json")));
}
