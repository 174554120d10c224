import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { SelfManagedVersions } from "../config/versions.ts";
import { cached, cacheKey, isCached } from "./cache.ts";
import { buildContainerdStore } from "./containerdStore.ts";
import { containerImages, nftFiles } from "./containerImages.ts";
import { packImage } from "./imagePacker.ts";
import { run } from "./process.ts";
import { cniPluginNames, recipes } from "./toolchain/recipes.ts";
import { recipeKey, type Toolchain } from "./toolchain.ts";

const suite = "bookworm";
const earlyUnit = "lab-writable-cgroups.service";
const filesDir = join(import.meta.dirname, "machine", "files");
const customizeScript = join(import.meta.dirname, "machine", "customize.sh");
const imagesSource = join(import.meta.dirname, "containerImages.ts");

/** Debian packages of a machine: what provisioning, kubeadm's preflight and repair by hand need. */
export const machinePackages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  "sudo",
  "haproxy",
  "keepalived",
  "nftables",
  "iptables",
  "conntrack",
  "ethtool",
  "socat",
  "iproute2",
  "iputils-ping",
  "kmod",
  "procps",
  "util-linux",
  "e2fsprogs",
  "xfsprogs",
  "fuse3",
  "libseccomp2",
  "chrony",
  "cron",
  "logrotate",
  "cloud-init",
  "ca-certificates",
  "curl",
  "openssl",
  "jq",
  "tar",
  "xz-utils",
  "zstd",
  "less",
];

/** Programs that lie in /usr/local/bin of a machine; the others run from container images. */
const machineBinaries = [
  "kubeadm",
  "kubelet",
  "kubectl",
  "etcd",
  "etcdctl",
  "etcdutl",
  "containerd",
  "containerd-shim-runc-v2",
  "ctr",
  "runc",
  "crictl",
];

/** What every machine of a lab starts from. */
export interface HostImage {
  /** Read-only layers of the root file system, topmost first. */
  layers: string[];
  /** First content of /var/lib/containerd: all images, unpacked. */
  containerdStore: string;
  /** Folder of image archives (OCI layouts in tar files), as an air-gapped site loads them. */
  archives: string;
}

export type ImageStep = "debian" | "programs" | "images";

interface ImageKeys {
  debian: string;
  programs: string;
  images: string;
}

function imageKeys(versions: SelfManagedVersions): ImageKeys {
  const toolchain = recipes(versions).map(recipeKey);
  const debian = cacheKey([suite, machinePackages, readFileSync(customizeScript, "utf8")]);
  return {
    debian: `debian-${suite}-${debian}`,
    programs: `programs-${versions.kubernetes}-${cacheKey([toolchain, machineBinaries, treeOf(filesDir)])}`,
    images: `images-${versions.kubernetes}-${cacheKey([toolchain, debian, readFileSync(imagesSource, "utf8")])}`,
  };
}

/** Steps that would have to run before machines at these versions can boot. */
export function missingImageSteps(versions: SelfManagedVersions): ImageStep[] {
  const keys = imageKeys(versions);
  const steps: ImageStep[] = ["debian", "programs", "images"];
  return steps.filter((step) => !isCached("hostImage", keys[step]));
}

/** The host image, from the cache or made now. `onStart` hears of each step that has to run. */
export async function ensureHostImage(
  versions: SelfManagedVersions,
  toolchain: Toolchain,
  onStart: (step: ImageStep) => void = () => undefined,
): Promise<HostImage> {
  const keys = imageKeys(versions);
  const debian = await cached("hostImage", keys.debian, async (dir) => {
    onStart("debian");
    await makeDebian(join(dir, "rootfs"));
  });
  const programs = await cached("hostImage", keys.programs, async (dir) => {
    onStart("programs");
    await layPrograms(toolchain, join(dir, "rootfs"));
  });
  const images = await cached("hostImage", keys.images, async (dir) => {
    onStart("images");
    await makeImages(versions, toolchain, join(debian, "rootfs"), dir);
  });
  return {
    layers: [join(programs, "rootfs"), join(debian, "rootfs")],
    containerdStore: join(images, "containerd"),
    archives: join(images, "archives"),
  };
}

async function makeDebian(root: string): Promise<void> {
  const include = `--include=${machinePackages.join(",")}`;
  const hook = `--customize-hook=${customizeScript} "$1"`;
  await run("mmdebstrap", ["--quiet", "--variant=minbase", include, hook, suite, root]);
}

async function layPrograms(toolchain: Toolchain, root: string): Promise<void> {
  const places: [string, string[]][] = [
    ["usr/local/bin", machineBinaries],
    ["opt/cni/bin", cniPluginNames],
  ];
  cpSync(filesDir, root, { recursive: true });
  const wanted = join(root, "etc/systemd/system/sysinit.target.wants");
  mkdirSync(wanted, { recursive: true });
  symlinkSync(`../${earlyUnit}`, join(wanted, earlyUnit));
  for (const [place, names] of places) {
    const dir = join(root, place);
    mkdirSync(dir, { recursive: true });
    for (const name of names) {
      const source = toolchain.get(name);
      if (source === undefined) throw new Error(`the toolchain has no "${name}"`);
      // A hard link where the file system allows it: the same bytes need not lie there twice.
      const linked = await run("cp", ["-l", source, dir], { mayFail: true });
      if (linked.exitCode !== 0) await run("cp", ["--reflink=auto", source, dir]);
    }
  }
}

async function makeImages(
  versions: SelfManagedVersions,
  toolchain: Toolchain,
  debianRoot: string,
  dir: string,
): Promise<void> {
  const archivesDir = join(dir, "archives");
  mkdirSync(archivesDir);
  const images = containerImages(versions, toolchain, await nftFiles(debianRoot));
  const archives: string[] = [];
  for (const image of images) {
    const fileName = `${image.name.replace(/^[^/]+\//, "").replaceAll(/[/:]/g, "_")}.tar`;
    const archive = join(archivesDir, fileName);
    await packImage(image, archive);
    archives.push(archive);
  }
  const names = images.map((image) => image.name);
  await buildContainerdStore(toolchain, archives, names, join(dir, "containerd"));
}

/** Every file of a folder with its text: what a cache key is made of. */
function treeOf(dir: string): [string, string][] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [file.slice(dir.length), readFileSync(file, "utf8")]);
}
