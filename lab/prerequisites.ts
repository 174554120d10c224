import { existsSync, readFileSync, statfsSync } from "node:fs";
import { freemem } from "node:os";
import { hierarchies } from "./cgroups.ts";
import { bridgedTrafficIsFiltered } from "./network.ts";
import { cacheDir } from "./paths.ts";
import { run } from "./process.ts";

/** A program of this computer that the lab calls, and the Debian package that has it. */
interface Prerequisite {
  program: string;
  package: string;
  purpose: string;
}

const prerequisites: Prerequisite[] = [
  { program: "systemd-nspawn", package: "systemd-container", purpose: "runs the machines" },
  { program: "mmdebstrap", package: "mmdebstrap", purpose: "makes the host image" },
  { program: "ip", package: "iproute2", purpose: "network of the machines" },
  { program: "nft", package: "nftables", purpose: "cuts links in fault tests" },
  { program: "nsenter", package: "util-linux", purpose: "runs commands inside a machine" },
  { program: "mkfs.ext4", package: "e2fsprogs", purpose: "makes etcd's disks" },
  { program: "perl", package: "perl-base", purpose: "power cuts that lose unsynced writes" },
  { program: "ssh", package: "openssh-client", purpose: "reaches the machines" },
  { program: "tar", package: "tar", purpose: "packs container images" },
];

/** Needed only where Go builds runc: it is the one component with C in it. */
const goPrerequisites: Prerequisite[] = [
  { program: "gcc", package: "gcc", purpose: "builds runc" },
  { program: "pkg-config", package: "pkg-config", purpose: "builds runc" },
];

/** Without a Go of its own: for our two small programs Debian's will do. */
const smallProgramsPrerequisite: Prerequisite = {
  program: "go",
  package: "golang-go",
  purpose: "builds the pause and test programs",
};

const goLibraryPackages = ["libseccomp-dev", "libc6-dev"];

/** What has to be installed before a lab can be made, as "package: purpose". */
export async function missingPackages(buildsFromSource: boolean): Promise<Map<string, string>> {
  const missing = new Map<string, string>();
  const wanted = [
    ...prerequisites,
    ...(buildsFromSource ? goPrerequisites : [smallProgramsPrerequisite]),
  ];
  for (const one of wanted) {
    if (!isOnPath(one.program)) missing.set(one.package, `${one.program}: ${one.purpose}`);
  }
  if (!buildsFromSource) return missing;
  for (const name of goLibraryPackages) {
    const status = await run("dpkg", ["-s", name], { mayFail: true });
    if (!status.stdout.includes("install ok installed")) missing.set(name, "headers: builds runc");
  }
  return missing;
}

function isOnPath(program: string): boolean {
  const places = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return places.some((place) => place !== "" && existsSync(`${place}/${program}`));
}

/** Install Debian packages, without the ones they merely recommend. Errors: this is no Debian. */
export async function installPackages(names: readonly string[]): Promise<void> {
  if (!isOnPath("apt-get")) {
    throw new Error(`this computer has no apt-get: install ${names.join(", ")} by its own means`);
  }
  const environment = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], { environment });
  const flags = ["install", "--yes", "-qq", "--no-install-recommends"];
  await run("apt-get", [...flags, ...names], { environment });
}

/** GiB that a lab and its caches take on disk, first build included. */
const diskGiB = 12;
/** MiB that machines of each kind take, measured with everything running. */
const machineMiB = 500;

/** Everything about this computer that stands against a lab; empty when all is well. */
export async function computerProblems(machines: number): Promise<string[]> {
  const problems: string[] = [];
  if (process.platform !== "linux") return ["a lab needs Linux: its machines share the kernel"];
  if (process.getuid?.() !== 0) problems.push("a lab needs root: run it with sudo");
  const missing = ["overlay", "ext4"].filter(
    (name) => !readFileSync("/proc/filesystems", "utf8").includes(`\t${name}\n`),
  );
  if (missing.length > 0) {
    problems.push(
      `the kernel has no ${missing.join(" and no ")}: try modprobe ${missing.join(" ")}`,
    );
  }
  try {
    hierarchies();
  } catch (error) {
    problems.push((error as Error).message);
  }
  if (!existsSync("/dev/loop-control")) {
    problems.push("no loop devices (/dev/loop-control): try modprobe loop");
  }
  const freeMiB = freemem() / 2 ** 20;
  if (freeMiB < machines * machineMiB) {
    problems.push(
      `${Math.round(freeMiB)} MiB of memory are free; ${machines} machines take about ${machines * machineMiB}`,
    );
  }
  const disk = statfsSync(existsSync(cacheDir()) ? cacheDir() : "/var");
  const freeGiB = (disk.bavail * disk.bsize) / 2 ** 30;
  if (freeGiB < diskGiB) {
    problems.push(
      `${Math.round(freeGiB)} GiB of disk are free at ${cacheDir()}; a lab takes ${diskGiB}`,
    );
  }
  if (isOnPath("nft") && (await bridgedTrafficIsFiltered())) {
    problems.push(
      "this computer's firewall drops bridged traffic, so machines could not reach each other: " +
        "sysctl net.bridge.bridge-nf-call-iptables=0, or accept 198.18.0.0/15 in its forward chain",
    );
  }
  return problems;
}
