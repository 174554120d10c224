/** What a stack asks to run on its cluster: storage, guard, teams' namespaces, charts. */

/** Keys of a cluster on AWS that say what runs on it. */
export interface ClusterLayerConfig {
  /** Backends for volumes, each at most once. Default: EBS alone. */
  storage: StorageConfig[];
  /** What the API server says to what would not survive. */
  guard: GuardConfig;
  /** Namespaces of teams, by name. Default: none. */
  namespaces: Record<string, NamespaceConfig>;
  /** Where charts come from. */
  charts: ChartsConfig;
  /** The way in for users: a network load balancer of the stack's own. Default: none. */
  ingress?: IngressConfig | undefined;
}

/** A backend for persistent volumes; the `backend` decides which further keys exist. */
export type StorageConfig = EbsStorageConfig | RookCephStorageConfig | PortworxStorageConfig;

/** EBS volumes by the CSI driver: encrypted gp3, each in one zone. */
export interface EbsStorageConfig {
  backend: "ebs";
  /** Copies in different zones. EBS keeps a volume in one zone, so 1 is all it can place. Default 1. */
  replicas: number;
  /** Delete a volume with its claim, a snapshot with its object. Default false: they are kept. */
  deleteData: boolean;
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

/** What Ceph offers beside volumes. */
export interface CephOptionsConfig {
  /** Volumes that many pods write at once: class "rook-ceph-fs". Default false. */
  fileSystem: boolean;
  /** Buckets by the S3 protocol: class "rook-ceph-bucket". Default false. */
  objectStore: boolean;
  /**
   * Alerts and a dashboard for the Prometheus Operator and Grafana. Their definitions must be on the
   * cluster already: this stack does not install them. Default false.
   */
  alerts: boolean;
}

/** What Ceph is asked for on every platform. */
export type CephStorageConfig = RookCephStorageConfig | HostsCephConfig;

/** Ceph by Rook on hosts: its disks are whole disks of theirs. */
export interface HostsCephConfig extends CephOptionsConfig {
  backend: "rook-ceph";
  /**
   * Empty disks by host, which must be a worker: paths that stay the same, e.g. "/dev/disk/by-id/…".
   * Everything on them is lost. Three zones or more.
   */
  disks: Record<string, string[]>;
  /** Copies of each block, each in another zone. Default 3; writes go on with 2. */
  replicas: number;
  /** Delete the data when the backend leaves the stack. Default false: it is protected and kept. */
  deleteData: boolean;
}

/** Ceph by Rook: volumes that every zone can reach. Its disks are EBS volumes. */
export interface RookCephStorageConfig extends ReplicatedStorageConfig, CephOptionsConfig {
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
  /** Where Portworx keeps what it knows of itself. Default: on three of its own nodes. */
  kvdb: PortworxKvdbConfig;
}

/** "internal": Portworx's own store. "external": an etcd of yours, reached with a client certificate. */
export type PortworxKvdbConfig =
  | { mode: "internal" }
  | {
      mode: "external";
      /** Client URLs, three or more, e.g. "https://etcd-1.example.com:2379". */
      endpoints: string[];
      /** Secret in namespace "portworx" with ca.crt, client.crt and client.key. */
      secretName: string;
    };

/** A network load balancer of the stack, in front of the pods that a selector names. */
export interface IngressConfig {
  /** "internal" (default) answers inside the VPC and what is connected to it. */
  scheme: "internal" | "internet-facing";
  /** Ranges that may connect. Default []: the VPC alone; an internet-facing one names its ranges. */
  clientCidrs: string[];
  /** Namespace of the pods; the stack makes it. Default "ingress". */
  namespace: string;
  /** Labels of the pods: those of your ingress controller or gateway. */
  selector: Record<string, string>;
  /** Ports of the balancer, by a name of your choice (a DNS label of at most 15 characters). */
  listeners: Record<string, IngressListenerConfig>;
}

export interface IngressListenerConfig {
  /** Port that users connect to, e.g. 443. */
  port: number;
  /** Port of the pods, e.g. 8443. */
  podPort: number;
  /** Platform "ec2": port that every worker opens, 30000 to 32767. Not used on "eks". */
  nodePort?: number | undefined;
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
  /**
   * Write into Deployments, StatefulSets and DaemonSets what they leave out: spread over zones, machines
   * apart, requests. Needs Kubernetes 1.36. Default false.
   */
  defaults?: boolean | undefined;
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
  /**
   * SHA-256 of charts by "<chart>-<version>", for charts that `versions.ts` has none for. Files of a
   * directory are checked against it and refused without one. Default: none.
   */
  digests: Record<string, string>;
}
