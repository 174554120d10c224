/** What a stack file of platform "hosts" or "workers" may ask for: machines that answer SSH. */

import type {
  ChartsConfig,
  GuardConfig,
  HostsCephConfig,
  NamespaceConfig,
} from "./clusterLayer.ts";
import type { CommonConfig, KubernetesConfig, TaintConfig } from "./schema.ts";

/** Self-managed control plane on Linux hosts that already exist and answer SSH. */
export interface HostsConfig extends CommonConfig {
  platform: "hosts";
  kubernetes: KubernetesConfig & {
    /** Range of pod addresses; each host gets a /24 of it. Default "10.244.0.0/16". */
    podCidr: string;
  };
  /** Machines by name; the name becomes the node name. */
  hosts: Record<string, HostConfig>;
  ssh: SshConfig;
  api: HostsApiConfig;
  etcd: EtcdConfig;
  /**
   * "routed": bridge plugin and plain routes between hosts of one flat network.
   * "cilium": the production choice; its chart is installed by the stack.
   */
  podNetwork: "routed" | "cilium";
  /** Ceph on disks of the hosts, at most once. Its charts need the Pulumi CLI. Default: none. */
  storage: HostsCephConfig[];
  /** Where charts come from. */
  charts: ChartsConfig;
  /** What the API server says to what would not survive. Default: no guard, no priorities. */
  guard?: GuardConfig | undefined;
  /** Namespaces of teams, by name. Default: none. */
  namespaces: Record<string, NamespaceConfig>;
  /** Volumes on the workers' own disks. Default: none. */
  localVolumes?: LocalVolumesConfig | undefined;
  /** Who knows whether a host is off, for `quorum fence`. Default: nobody but a person. */
  powerStatus?: PowerStatusConfig | undefined;
  artifacts: ArtifactsConfig;
  /** Refuse to delete or replace the cluster's roots of trust. Default true. */
  deletionProtection: boolean;
}

/** How to ask a power controller (BMC, hypervisor, PDU) on the computer that runs `quorum fence`. */
export interface PowerStatusConfig {
  /**
   * Program and arguments; "{host}", "{address}" and "{stack}" stand for the machine's. Passwords
   * belong into files that it names.
   */
  command: string[];
  /** Regular expression, with the same placeholders, for the line of its answer that means "off". */
  off: string;
}

/**
 * Volumes that each live on one worker's disk: fast, made of nothing but a directory, and only where
 * that worker is. For data that the application itself keeps on several machines.
 */
export interface LocalVolumesConfig {
  /** Volumes on each worker; each serves one replica. */
  perHost: number;
  /** What a claim on one may ask for. Volumes of one disk share its room: nothing enforces this. */
  sizeGiB: number;
  /** StorageClass that claims name. Default "local-block". */
  storageClass: string;
  /**
   * Directory on each worker below which the volumes are: a disk is mounted here, or one at each
   * `volume-<n>` in it. Default "/var/lib/quorum-volumes".
   */
  directory: string;
}

/** What a host is for. One host may combine roles, except a load balancer with a control plane. */
export type HostRole = "etcd" | "control-plane" | "load-balancer" | "worker";

export interface HostConfig {
  /** IPv4 address by which SSH and all other hosts reach it. */
  address: string;
  /** Failure domain: site, rack or room. Three at least. */
  zone: string;
  roles: HostRole[];
  labels: Record<string, string>;
  taints: TaintConfig[];
  /** What the host has; the proof of capacity counts with it. Default: not said, so not proven. */
  size?: HostSizeConfig | undefined;
  /** The machine below, where several hosts share one: they are lost together. Default: none. */
  physicalHost?: string | undefined;
  /**
   * Raise it when the machine was installed anew: everything is then brought to it again. Default 1.
   */
  installation: number;
}

export interface HostSizeConfig {
  cpus: number;
  memoryGiB: number;
}

export interface SshConfig {
  /** Default "root"; any other user needs password-less sudo. */
  user: string;
  /** Default 22. */
  port: number;
  /** Private key file, absolute or relative to the project. Its text never enters plan or state in clear. */
  privateKeyFile: string;
}

export interface HostsApiConfig {
  /** Virtual IPv4 address that the load-balancer pair shares, on the same layer-2 segment. */
  vip: string;
  /** Default 6443. */
  port: number;
}

export interface EtcdConfig {
  /** Backend quota. Default 8, which is etcd's advised maximum. */
  quotaGiB: number;
  /** Directory on the machine's own data disk. Default "/var/lib/etcd". */
  dataDir: string;
  snapshots: {
    /** Default 15. */
    intervalMinutes: number;
    /** Snapshots kept on each machine that receives them. Default 96. */
    keep: number;
  };
}

/** Where machines get Kubernetes, etcd and containerd binaries and images from. */
export type ArtifactsConfig =
  /** The machine image already has the pinned versions (the lab; golden images). */
  { source: "preinstalled" } | DownloadConfig;

/** Official releases, each checked against its SHA-256. */
export interface DownloadConfig {
  source: "download";
  /** Base URL that stands for the release hosts: `<mirror>/<original host>/<path>`. */
  mirror?: string;
  /** Of all hosts. Default "amd64". */
  architecture: "amd64" | "arm64";
  /** SHA-256 by file name, for files that `releaseDigests.ts` does not have. Default: none. */
  digests: Record<string, string>;
}

/** Workers on hosts elsewhere that join the cluster of another stack, of platform "ec2". */
export interface WorkersConfig extends CommonConfig {
  platform: "workers";
  attachTo: AttachToConfig;
  /** What the other stack says of the cluster, to the letter: an `up` compares. */
  kubernetes: KubernetesConfig & { podCidr: string };
  /** Machines by name; the name becomes the node name. */
  hosts: Record<string, RemoteHostConfig>;
  ssh: SshConfig;
  /**
   * Largest packet of a pod that the way to the cluster carries: the VPN's packets less 50 bytes of the
   * overlay. Default 1300.
   */
  podMtuBytes: number;
  artifacts: ArtifactsConfig;
}

/** The stack whose cluster is joined, and the account that keeps its join token. */
export interface AttachToConfig {
  /** "organization/project/stack", as a StackReference has it. */
  stack: string;
  /** AWS region, e.g. "eu-west-1". */
  region: string;
  /** Twelve digits. */
  accountId: string;
}

/** A host that is a worker and nothing else. */
export type RemoteHostConfig = Omit<HostConfig, "roles">;
