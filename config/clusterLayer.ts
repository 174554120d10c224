/** What a stack asks to run on its cluster: storage, guard, teams' namespaces, charts. */

/** A backend for persistent volumes; the `backend` decides which further keys exist. */
export type StorageConfig = EbsStorageConfig | RookCephStorageConfig | PortworxStorageConfig;

/** EBS volumes by the managed CSI driver: encrypted gp3, each in one zone. */
export interface EbsStorageConfig {
  backend: "ebs";
  /** Copies in different zones. EBS keeps a volume in one zone, so 1 is all it can place. Default 1. */
  replicas: number;
}

/** Keys of backends that keep copies of their own on the disks of a pool's nodes. */
interface ReplicatedStorageConfig {
  /** The pool whose nodes carry the disks. Its size is fixed: min, desired and max are equal. */
  pool: string;
  /** Copies of each block, each in another zone. Default 3; writes go on with 2. */
  replicas: number;
  /** Delete the data when the backend leaves the stack. Default false: it is protected and kept. */
  deleteData: boolean;
}

/** Ceph by Rook: volumes that every zone can reach. Its disks are EBS volumes. */
export interface RookCephStorageConfig extends ReplicatedStorageConfig {
  backend: "rook-ceph";
  /** Disks (OSDs) in each zone. Default 1. */
  disksPerZone: number;
  /** Size of each disk. Default 500. */
  diskGiB: number;
}

/** Portworx: volumes that every zone can reach. Commercial software. */
export interface PortworxStorageConfig extends ReplicatedStorageConfig {
  backend: "portworx";
  /** Size of each node's disk. Default 500. */
  diskGiB: number;
  /** You have a licence of Portworx for this cluster: must be true. */
  licensed: boolean;
}

/** What would not survive: "enforce" refuses it, "warn" tells the client, "off" says nothing. */
export type GuardMode = "enforce" | "warn" | "off";

export interface GuardConfig {
  /** For namespaces without the label `quorum.dev/guard`. Default "warn". */
  defaultMode: GuardMode;
}

/** A team's namespace: what it may use, and how the guard treats it. */
export interface NamespaceConfig {
  /** Default: the guard's `defaultMode`. */
  guard?: GuardMode | undefined;
  /** What all its pods may request together, and its volumes hold. Default: no bound. */
  quota?: QuotaConfig | undefined;
  /** What a container gets that says nothing, and the most it may ask for. Default: nothing is set. */
  containers?: ContainerLimitsConfig | undefined;
}

export interface QuotaConfig {
  cpus?: number | undefined;
  memoryGiB?: number | undefined;
  pods?: number | undefined;
  storageGiB?: number | undefined;
}

export interface ContainerLimitsConfig {
  defaultCpuMilli: number;
  defaultMemoryMiB: number;
  maxCpuMilli?: number | undefined;
  maxMemoryMiB?: number | undefined;
}

export interface ChartsConfig {
  /**
   * Where charts are taken from instead of their publishers, for sites without a way out: an OCI
   * prefix ("oci://registry.example.com/charts") or a directory that holds <chart>-<version>.tgz.
   * Default: each chart's own repository.
   */
  mirror?: string | undefined;
}
