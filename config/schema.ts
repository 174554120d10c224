/**
 * What a stack file may ask for. Every field has one meaning, one unit and, where it may be left
 * out, one default. `parse.ts` turns `unknown` into these types or into one `ConfigError`.
 */

import type { ClusterLayerConfig } from "./clusterLayer.ts";
import type { HostsConfig, WorkersConfig } from "./hostsSchema.ts";

export type * from "./hostsSchema.ts";

/** One stack's cluster: the platform decides which further keys exist. */
export type ClusterConfig = EksConfig | HostsConfig | Ec2Config | WorkersConfig;

/** A cluster on AWS, whoever runs its control plane. */
export type AwsConfig = EksConfig | Ec2Config;

/** Keys that every platform has. */
export interface CommonConfig {
  /** Cluster name: DNS label, at most 32 characters (AWS and Kubernetes names are built from it). */
  name: string;
  kubernetes: KubernetesConfig;
  /** Extra tags or labels for everything that can carry them. Default: none. */
  tags: Record<string, string>;
  /** What `quorum proof` insists on. Default: every claim, for single failures. */
  proof?: ProofConfig | undefined;
}

export interface ProofConfig {
  /** Claims, each for single failures or with a set: "all", "etcd-quorum:pair", "api-path:roll". */
  require: string[];
}

/** The Kubernetes release and its cluster-internal address ranges. */
export interface KubernetesConfig {
  /** Exact for self-managed ("1.36.3"), minor for EKS ("1.36"); only versions in `versions.ts`. */
  version: string;
  /** Range of Service addresses. Default "172.20.0.0/16". */
  serviceCidr: string;
}

/** Managed control plane on EKS. */
export interface EksConfig extends CommonConfig, ClusterLayerConfig {
  platform: "eks";
  /** AWS region, e.g. "eu-west-1". */
  region: string;
  /** Twelve digits: the one account that the stack may touch. Keys and roles name it. */
  accountId: string;
  /**
   * At least three distinct availability zones of the region. The first three carry the control
   * plane's and the endpoints' interfaces, so append further zones and leave the order alone.
   */
  zones: string[];
  network: VpcConfig;
  api: EksApiConfig;
  /** Who may administer the cluster, by a name of your choice. */
  admins: Record<string, AdminConfig>;
  /** Worker pools by name; each becomes one node group per zone. */
  pools: Record<string, PoolConfig>;
  /** Days that control-plane and flow logs are kept; a value CloudWatch offers. Default 90. */
  logRetentionDays: number;
  /** Refuse to delete the cluster and what holds data. Default true. */
  deletionProtection: boolean;
}

export interface VpcConfig {
  /** IPv4 range of the VPC, /16 to /20, e.g. "10.20.0.0/16". */
  cidr: string;
}

export interface EksApiConfig {
  /** Ranges that may reach the public endpoint; empty means a private endpoint only. Default []. */
  publicCidrs: string[];
  /** Ranges outside the VPC (VPN, peering) that may reach the private endpoint. Default []. */
  privateCidrs: string[];
}

export interface AdminConfig {
  /** IAM role or user ARN. */
  principalArn: string;
  /** Default "admin" (whole cluster); "view" reads only. */
  access: "admin" | "view";
}

/** Worker pool: one node group per zone, so that volumes and autoscaling stay zonal. */
export interface PoolConfig {
  /** EC2 instance types, first is preferred; all of one architecture. */
  instanceTypes: string[];
  architecture: "x86_64" | "arm64";
  /**
   * Zones of the cluster in which it stands. Default: all of them. Whether fewer are enough for what
   * the pool runs is for the proof to say.
   */
  zones?: string[] | undefined;
  /** Nodes that must remain in the whole pool when any one zone is lost. */
  minNodes: number;
  /** Nodes in each zone: min <= desired <= max. Per zone, so that a further zone changes no other. */
  nodesPerZone: { min: number; desired: number; max: number };
  /** Root volume. Default 50. */
  volumeGiB: number;
  /** Pods a node must be able to run; checked against the instance types. Default 58. */
  podsPerNode: number;
  /** "on-demand" (default) or "spot". */
  capacity: "on-demand" | "spot";
  labels: Record<string, string>;
  taints: TaintConfig[];
}

export interface TaintConfig {
  key: string;
  value: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** Self-managed control plane on EC2 machines, which boot by themselves from their user data. */
export interface Ec2Config extends CommonConfig, ClusterLayerConfig {
  platform: "ec2";
  /** AWS region, e.g. "eu-west-1". */
  region: string;
  /** Twelve digits: the one account that the stack may touch. Keys and roles name it. */
  accountId: string;
  /**
   * At least three distinct availability zones of the region. The first three carry one etcd member,
   * one control plane and the endpoints' interfaces each; append further ones and keep the order.
   */
  zones: string[];
  network: VpcConfig;
  kubernetes: KubernetesConfig & {
    /** Range of pod addresses, apart from the VPC's; each node gets a /24. Default "10.244.0.0/16". */
    podCidr: string;
  };
  api: Ec2ApiConfig;
  machineImage: MachineImageConfig;
  etcd: Ec2EtcdConfig;
  controlPlane: Ec2MachineConfig;
  /** Worker pools by name; each becomes one auto-scaling group per zone. */
  pools: Record<string, PoolConfig>;
  /**
   * "vxlan": an overlay of the kernel's own, made on the machines. "none": the stack makes none;
   * nodes stay NotReady until one is installed.
   */
  podNetwork: "vxlan" | "none";
  /** Workers in other places that join by stacks of platform "workers". Default: none. */
  remoteWorkers?: RemoteWorkersConfig | undefined;
  /** Days that flow logs are kept; a value CloudWatch offers. Default 90. */
  logRetentionDays: number;
  /** Refuse to delete what holds identity or data. Default true. */
  deletionProtection: boolean;
}

export interface RemoteWorkersConfig {
  /** Their addresses, which a VPN or a direct connection leads to: the firewall lets these in. */
  cidrs: string[];
  /** Largest packet of a pod on the way there. Default 1300, which fits AWS's VPN. */
  podMtuBytes: number;
}

export interface Ec2ApiConfig {
  /** Ranges outside the VPC (VPN, peering) that may reach the API. Default []. */
  clientCidrs: string[];
  /**
   * "host:port" by which the machine that runs the stack reaches the API, e.g. the near end of a
   * port forward ("127.0.0.1:8443"). The certificate is still checked for the API's own name.
   * Default: that name, which a VPN or peering with the VPC's DNS resolves.
   */
  operatorAddress?: string | undefined;
}

/**
 * The image that machines start from: cloud-init, the SSM agent and the pinned programs and images
 * of `versions.ts` are in it (docs/machine-image.md), so that a boot needs nothing from outside.
 */
export interface MachineImageConfig {
  /** Account that owns the image: twelve digits. */
  ownerId: string;
  /** Exact image name for each architecture in use; no wildcards. */
  names: Partial<Record<"x86_64" | "arm64", string>>;
}

/** One machine of a role: its type decides the architecture. */
export interface Ec2MachineConfig {
  /** EC2 instance type, e.g. "m7g.large". */
  instanceType: string;
  /** Root volume. Default 30. */
  volumeGiB: number;
}

export interface Ec2EtcdConfig extends Ec2MachineConfig {
  /** Data volume of its own, encrypted gp3. Default 20. */
  dataVolumeGiB: number;
  /** Default 3000, which gp3 includes. */
  dataVolumeIops: number;
  /** Backend quota. Default 4: a snapshot must fit one upload to S3, which ends at 5 GiB. */
  quotaGiB: number;
  snapshots: {
    /** Default 15. */
    intervalMinutes: number;
    /** Snapshots kept on each control plane. Default 8. */
    keep: number;
    /** Days for which S3 refuses to delete a snapshot; it is deleted a day later. Default 30. */
    retentionDays: number;
  };
}
