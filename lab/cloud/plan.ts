/** Roles of machines; each has the policies and the path of secrets of its role. */
export type CloudRole = "etcd" | "control-plane" | "worker";

/** Machines of one auto-scaling group, as the stack's preview has them. */
export interface CloudGroup {
  /** Of the auto-scaling group. */
  name: string;
  role: CloudRole;
  zone: string;
  /** Of the launch template: gzip in base64. */
  userData: string;
  /** Subnet of its machines. */
  subnet: string;
  /** Of a network interface that outlives the machine; else each machine has another. */
  address?: string;
  /** Of its machines. */
  tags: Record<string, string>;
}

/** A data volume. */
export interface CloudVolume {
  /** SSM parameter that names it. */
  parameter: string;
  zone: string;
  tags: Record<string, string>;
}

/** One statement of a role's policies; conditions are not looked at. */
export interface CloudStatement {
  Action: string[];
  Resource: string[];
}

/** What a stack of platform "ec2" asks of the cloud, as far as its machines see it. */
export interface CloudPlan {
  region: string;
  accountId: string;
  /** Range of the VPC, within the lab's. */
  cidr: string;
  subnets: { cidr: string; zone: string }[];
  /** A records of the cluster's private zone; the API's own leads to the balancer. */
  names: Record<string, string>;
  apiName: string;
  apiPort: number;
  buckets: string[];
  objects: { bucket: string; key: string; content: string }[];
  parameters: { name: string; type: string; value: string }[];
  volumes: CloudVolume[];
  policies: Record<CloudRole, CloudStatement[]>;
  groups: CloudGroup[];
}
