import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { diskPath } from "./disks.ts";
import type { HostImage } from "./hostImage.ts";
import type { Machine } from "./machine.ts";
import { run } from "./process.ts";

const programFolders = ["usr/local/bin", "opt/cni/bin"];

/** Programs of a host image, as paths below its root, that this machine has in another version. */
export function otherPrograms(machine: Machine, image: HostImage): string[] {
  const [wanted] = image.layers;
  const present = programsOf(machine);
  if (wanted === undefined || present === undefined || wanted === present) return [];
  return programFolders
    .filter((folder) => existsSync(join(wanted, folder)))
    .flatMap((folder) => readdirSync(join(wanted, folder)).map((name) => join(folder, name)))
    .filter((path) => !isSameFile(join(wanted, path), join(present, path)));
}

/** Layer that a machine's programs come from: the last one installed, or the one it was made from. */
function programsOf(machine: Machine): string | undefined {
  const installed = join(machine.paths.dir, "programs.json");
  if (existsSync(installed)) return JSON.parse(readFileSync(installed, "utf8")) as string;
  const layers = join(machine.paths.dir, "layers.json");
  if (!existsSync(layers)) return undefined;
  return (JSON.parse(readFileSync(layers, "utf8")) as string[])[0];
}

function isSameFile(one: string, other: string): boolean {
  if (!existsSync(other)) return false;
  const [a, b] = [statSync(one), statSync(other)];
  // Layers made from the same toolchain are hard links to the same files.
  if (a.dev === b.dev && a.ino === b.ino) return true;
  return a.size === b.size && readFileSync(one).equals(readFileSync(other));
}

/**
 * Put the programs and container images of another host image onto a machine that is on, as an
 * operator does before an upgrade. What runs goes on with the old ones; restarting it, in order, is
 * the stack's business. Errors: the machine is off; containerd takes no images.
 */
export async function installPrograms(machine: Machine, image: HostImage): Promise<void> {
  const [source] = image.layers;
  if (source === undefined) throw new Error("a host image has at least one layer");
  const runsContainers = machine.host.roles.some((role) => /^(control-plane|worker)$/.test(role));
  if (runsContainers) await importImages(machine, image.archives);
  for (const path of otherPrograms(machine, image)) {
    // Renamed, not overwritten: a running program keeps the file it has open.
    const target = join(machine.paths.root, path);
    await run("cp", ["--reflink=auto", join(source, path), `${target}.new`]);
    renameSync(`${target}.new`, target);
  }
  writeFileSync(join(machine.paths.dir, "programs.json"), JSON.stringify(source));
}

async function importImages(machine: Machine, archives: string): Promise<void> {
  const folder = "import";
  const shared = join(diskPath(machine.paths, machine.disk("containerd")), folder);
  rmSync(shared, { recursive: true, force: true });
  mkdirSync(shared);
  const unit = "lab-image-import";
  const active = await machine.exec(["systemctl", "is-active", "containerd"], { mayFail: true });
  const ownDaemon = active.stdout.trim() !== "active";
  if (ownDaemon) {
    const daemon = ["systemd-run", "--quiet", `--unit=${unit}`, "--property=Type=notify"];
    await machine.exec([...daemon, "/usr/local/bin/containerd"]);
  }
  try {
    for (const name of readdirSync(archives)) {
      const linked = await run("cp", ["-l", join(archives, name), shared], { mayFail: true });
      if (linked.exitCode !== 0) await run("cp", [join(archives, name), shared]);
      const ctr = ["ctr", "--namespace=k8s.io", "images", "import"];
      await machine.exec([...ctr, `/var/lib/containerd/${folder}/${name}`], {
        timeoutSeconds: 300,
      });
    }
  } finally {
    rmSync(shared, { recursive: true, force: true });
    if (ownDaemon) await machine.exec(["systemctl", "stop", unit]);
  }
}
