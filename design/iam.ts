import type { EksConfig } from "../config/schema.ts";
import {
  autoscalerStatements,
  flowLogStatements,
  networkPluginStatements,
  type StatementPlan,
  volumeDriverStatements,
} from "./iamStatements.ts";
import { clusterNames } from "./names.ts";

/** Roles of platform "eks". */
export type EksRole =
  | "control-plane"
  | "node"
  | "flow-logs"
  | "network-plugin"
  | "volume-driver"
  | "autoscaler";

/** An IAM role, by its purpose. AWS names the role itself. */
export interface RolePlan<Purpose extends string = string> {
  /** Kebab-case, part of the resource's name. */
  purpose: Purpose;
  /** Who may take it on. */
  service: string;
  trustActions: string[];
  /** Only for this account's sake may the service do so (no confused deputy). Undefined: it cannot be asked. */
  sourceAccount?: string;
  /** Policies that AWS keeps for its own services, by ARN. */
  managedPolicies: string[];
  statements: StatementPlan[];
}

export type RolePlans = Record<EksRole, RolePlan<EksRole>>;

const takeOn = ["sts:AssumeRole"];
const podTakeOn = ["sts:AssumeRole", "sts:TagSession"];
const awsPolicy = (name: string) => `arn:aws:iam::aws:policy/${name}`;

/** A role that pods of EKS take on by pod identity. */
export function podRole<Purpose extends string>(
  purpose: Purpose,
  statements: StatementPlan[],
): RolePlan<Purpose> {
  return {
    purpose,
    service: "pods.eks.amazonaws.com",
    trustActions: podTakeOn,
    managedPolicies: [],
    statements,
  };
}

/** Every role of an EKS cluster. Pods have their own, so that the node's role can do little. */
export function planRoles(config: EksConfig): RolePlans {
  const scope = {
    region: config.region,
    account: config.accountId,
    cluster: config.name,
    flowLogGroup: clusterNames(config.name).flowLogGroup,
  };
  const pod = (purpose: EksRole, statements: StatementPlan[]) => podRole(purpose, statements);
  return {
    "control-plane": {
      purpose: "control-plane",
      service: "eks.amazonaws.com",
      trustActions: takeOn,
      managedPolicies: [awsPolicy("AmazonEKSClusterPolicy")],
      statements: [],
    },
    node: {
      purpose: "node",
      service: "ec2.amazonaws.com",
      trustActions: takeOn,
      managedPolicies: [
        awsPolicy("AmazonEKSWorkerNodePolicy"),
        awsPolicy("AmazonEC2ContainerRegistryPullOnly"),
        // Shell access by Session Manager; no SSH port is open anywhere.
        awsPolicy("AmazonSSMManagedInstanceCore"),
      ],
      statements: [],
    },
    "flow-logs": {
      purpose: "flow-logs",
      service: "vpc-flow-logs.amazonaws.com",
      trustActions: takeOn,
      sourceAccount: config.accountId,
      managedPolicies: [],
      statements: flowLogStatements(scope),
    },
    "network-plugin": pod("network-plugin", networkPluginStatements(scope)),
    "volume-driver": pod("volume-driver", volumeDriverStatements(scope)),
    autoscaler: pod("autoscaler", autoscalerStatements(scope)),
  };
}
