import type { SelfManagedVersions } from "../config/versions.ts";
import type { PackedImage } from "./imagePacker.ts";
import { run } from "./process.ts";
import { goArchitecture, type Toolchain } from "./toolchain.ts";

/** Image of the web server by which tests look at the cluster from inside. */
export const echoImage = "quorum.lab/echo:1";

/** Number of a user that no machine knows: the server needs no rights. */
const echoUser = 65532;

/** Images that a machine has from the start, named as kubeadm expects them. */
export function containerImages(
  versions: SelfManagedVersions,
  toolchain: Toolchain,
  nftFiles: Record<string, string>,
): PackedImage[] {
  const binary = (name: string): string => {
    const path = toolchain.get(name);
    if (path === undefined) throw new Error(`the toolchain has no "${name}"`);
    return path;
  };
  const architecture = goArchitecture();
  const control = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"];
  const images: PackedImage[] = control.map((name) => ({
    name: `registry.k8s.io/${name}:v${versions.kubernetes}`,
    files: {
      [`/usr/local/bin/${name}`]: binary(name),
      // kube-proxy writes its rules with the nft program.
      ...(name === "kube-proxy" ? nftFiles : {}),
    },
    entrypoint: [`/usr/local/bin/${name}`],
    architecture,
  }));
  images.push(
    {
      name: `registry.k8s.io/coredns/coredns:v${versions.coredns}`,
      files: { "/coredns": binary("coredns") },
      entrypoint: ["/coredns"],
      architecture,
    },
    {
      name: `registry.k8s.io/pause:${versions.pause}`,
      files: { "/pause": binary("pause") },
      entrypoint: ["/pause"],
      architecture,
    },
    {
      name: echoImage,
      files: { "/echo": binary("echo") },
      entrypoint: ["/echo"],
      architecture,
      user: echoUser,
    },
  );
  return images;
}

/**
 * The nft program of a root file system with all it loads, by path inside an image. Without the names of
 * protocols nft lists them by number, and kube-proxy's next full sync takes its own entries for leftovers.
 */
export async function nftFiles(root: string): Promise<Record<string, string>> {
  const { stdout } = await run("chroot", [root, "ldd", "/usr/sbin/nft"]);
  const own = ["/usr/sbin/nft", "/etc/protocols"];
  const files = Object.fromEntries(own.map((path) => [path, `${root}${path}`]));
  for (const [library] of stdout.matchAll(/\/\S+(?= \(0x)/g)) {
    const { stdout: real } = await run("chroot", [root, "readlink", "-f", library]);
    files[library] = `${root}${real.trim()}`;
  }
  return files;
}
