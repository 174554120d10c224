import type { SelfManagedVersions } from "./versions.ts";

/**
 * SHA-256 of release files by their name, for artifacts of source "download". Taken from the
 * projects' published lists. Files that are not here must be given in `artifacts.digests`.
 */
export const releaseDigests: Readonly<Record<string, string>> = {
  "kubelet-1.36.3-amd64": "46707a53209f826ad0f0d62371ac69cd00e78fd9a8176cf5f6f87f18f7f8b718",
  "kubelet-1.36.3-arm64": "57205a5daf5883873d87b4914e1e00bdd7707acd075714788cfb0fc1f60bc414",
  "kubectl-1.36.3-amd64": "ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336",
  "kubectl-1.36.3-arm64": "3d86f24401c41ae5a46ac50eef8865fe891d3647d324a0836f6c63757a126e62",
  "kubeadm-1.36.3-amd64": "bba1733c701bf70ec74ba1cc3fd5745404c1134a8a4b0a5f8560cc9832023421",
  "kubeadm-1.36.3-arm64": "276cfbdc43b10fef663288cc1ed76abf77b1b7f700e9f1c053cb5dc3115484de",
  "cni-plugins-linux-amd64-v1.9.1.tgz":
    "b98f74a0f8522f0a83867178729c1aa70f2158f90c45a2ca8fa791db1c76b303",
  "cni-plugins-linux-arm64-v1.9.1.tgz":
    "56171987d3947707c3563db2f4001bccaf50fd63468611b9f3cbecb1375ee7ec",
};

export type ReleaseArchitecture = "amd64" | "arm64";

/** One file of a project's release. */
export interface ReleaseFile {
  /** Key of its digest: the file's name, made unique where the project's is not. */
  name: string;
  url: string;
  /** Where it goes: a program's path, or the folder into which an archive's files go. */
  target: string;
  /** Files of an archive, by their paths in it; undefined for a program. */
  members?: string[];
}

/** Everything that a self-managed machine runs and that a distribution does not bring. */
export function releaseFiles(
  versions: SelfManagedVersions,
  architecture: ReleaseArchitecture,
): Record<"etcd" | "node", ReleaseFile[]> {
  const { kubernetes, etcd, containerd, runc, cniPlugins } = versions;
  const github = "https://github.com";
  const etcdFolder = `etcd-v${etcd}-linux-${architecture}`;
  const containerdArchive = `containerd-${containerd}-linux-${architecture}.tar.gz`;
  const cniArchive = `cni-plugins-linux-${architecture}-v${cniPlugins}.tgz`;
  const programs = "/usr/local/bin";
  return {
    etcd: [
      {
        name: `${etcdFolder}.tar.gz`,
        url: `${github}/etcd-io/etcd/releases/download/v${etcd}/${etcdFolder}.tar.gz`,
        target: programs,
        members: ["etcd", "etcdctl", "etcdutl"].map((program) => `${etcdFolder}/${program}`),
      },
    ],
    node: [
      ...["kubelet", "kubeadm", "kubectl"].map((program) => ({
        name: `${program}-${kubernetes}-${architecture}`,
        url: `https://dl.k8s.io/v${kubernetes}/bin/linux/${architecture}/${program}`,
        target: `${programs}/${program}`,
      })),
      {
        name: containerdArchive,
        url: `${github}/containerd/containerd/releases/download/v${containerd}/${containerdArchive}`,
        target: programs,
        members: ["containerd", "containerd-shim-runc-v2", "ctr"].map((name) => `bin/${name}`),
      },
      {
        name: `runc-${runc}-${architecture}`,
        url: `${github}/opencontainers/runc/releases/download/v${runc}/runc.${architecture}`,
        target: `${programs}/runc`,
      },
      {
        name: cniArchive,
        url: `${github}/containernetworking/plugins/releases/download/v${cniPlugins}/${cniArchive}`,
        target: "/opt/cni/bin",
        members: ["bandwidth", "host-local", "loopback", "portmap", "ptp"].map((one) => `./${one}`),
      },
    ],
  };
}
