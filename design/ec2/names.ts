import { clusterTagKey } from "../tags.ts";

/** Names that machines and policies of one cluster must know beforehand. */
export interface Ec2Names {
  /** Private DNS zone of the cluster. */
  domain: string;
  apiName: string;
  flowLogGroup: string;
  /** Prefix of every SSM parameter of the cluster. */
  parameters: string;
  /** Rendered machine files. Buckets have one name space for all of AWS, hence account and region. */
  bootBucket: string;
  /** Snapshots of etcd. */
  snapshotBucket: string;
}

export function ec2Names(cluster: string, accountId: string, region: string): Ec2Names {
  const domain = `${cluster}.internal`;
  // At most 63 letters: 32 of the cluster, 12 of the account, 12 of the region's.
  const place = `${accountId}-${region.replaceAll("-", "")}`;
  return {
    domain,
    apiName: `api.${domain}`,
    flowLogGroup: `/quorum/${cluster}/vpc-flow-logs`,
    parameters: `/k8s/${cluster}`,
    bootBucket: `${cluster}-boot-${place}`,
    snapshotBucket: `${cluster}-etcd-${place}`,
  };
}

/** Roles of machines; each has one instance profile and one path of secrets. */
export type Ec2Role = "etcd" | "control-plane" | "worker";

export const ec2Roles: readonly Ec2Role[] = ["etcd", "control-plane", "worker"];

/** SSM parameters below `Ec2Names.parameters`. */
export const parameterPaths = {
  /** Key material of a role, one parameter each. */
  secrets: (role: Ec2Role) => `${role}/pki`,
  /** Written by the control planes, read by workers. */
  joinToken: "worker/bootstrap-token",
  /** Written once by etcd's members: forbids that empty members ever form a new cluster. */
  etcdMarker: "etcd-initialized",
  /** Id of a member's data volume. */
  volume: (member: string) => `volumes/${member}`,
  /** What a machine says of itself; one for each place, so that they do not pile up. */
  state: (role: Ec2Role, place: string) => `state/${role}/${place}`,
} as const;

/** Tag by which policies know the machines and volumes of a cluster, and the role of each. */
export const tagKeys = { cluster: clusterTagKey, role: "quorum:role" } as const;
