import type { StatementPlan } from "../iamStatements.ts";
import { type Ec2Names, type Ec2Role, parameterPaths, tagKeys } from "./names.ts";

export interface Ec2Scope {
  region: string;
  account: string;
  cluster: string;
  names: Ec2Names;
}

const describeOnly = "EC2 describe calls know no resource";

function parameter({ region, account, names }: Ec2Scope, path: string): string {
  return `arn:aws:ssm:${region}:${account}:parameter${names.parameters}/${path}`;
}

/** The key is known to policies by its alias: its id is known only once it exists. */
function keyStatement(
  { region, account, cluster }: Ec2Scope,
  purpose: "secrets" | "snapshots",
  actions: string[],
  conditions: NonNullable<StatementPlan["conditions"]> = {},
): StatementPlan {
  return {
    actions,
    resources: [`arn:aws:kms:${region}:${account}:key/*`],
    conditions: {
      ...conditions,
      "ForAnyValue:StringEquals": { "kms:ResourceAliases": `alias/${cluster}-${purpose}` },
    },
  };
}

/** What every machine may: read its own secrets and files, say how it is, be reached by Session Manager. */
export function machineStatements(scope: Ec2Scope, role: Ec2Role): StatementPlan[] {
  const own = parameter(scope, `${role}/*`);
  return [
    { actions: ["ssm:GetParameter", "ssm:GetParametersByPath"], resources: [own] },
    keyStatement(scope, "secrets", ["kms:Decrypt"], {
      StringLike: { "kms:EncryptionContext:PARAMETER_ARN": own },
    }),
    {
      actions: ["ssm:PutParameter"],
      resources: [parameter(scope, parameterPaths.state(role, "*"))],
    },
    {
      actions: ["s3:GetObject"],
      resources: [`arn:aws:s3:::${scope.names.bootBucket}/${role}/*`],
    },
    {
      actions: ["autoscaling:CompleteLifecycleAction"],
      resources: [
        `arn:aws:autoscaling:${scope.region}:${scope.account}:autoScalingGroup:*:autoScalingGroupName/${scope.cluster}-*`,
      ],
      conditions: { StringEquals: { [`aws:ResourceTag/${tagKeys.cluster}`]: scope.cluster } },
    },
    {
      actions: ["ssm:UpdateInstanceInformation"],
      resources: [`arn:aws:ec2:${scope.region}:${scope.account}:instance/*`],
    },
    {
      // Source: Systems Manager guide, "Minimum permissions for Session Manager".
      actions: [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ],
      resources: ["*"],
      anyResource: "Session Manager's channels know no resource",
    },
  ];
}

/** etcd's members write the marker; nobody can delete it. */
export function markerStatements(scope: Ec2Scope): StatementPlan[] {
  return [
    {
      actions: ["ssm:GetParameter", "ssm:PutParameter"],
      resources: [parameter(scope, parameterPaths.etcdMarker)],
    },
  ];
}

/**
 * A member attaches its own volume. By tags both ways: no other volume, no other machine. Attaching
 * an encrypted volume needs a grant on its key. Source: EBS guide, "Requirements for EBS encryption".
 */
export function etcdVolumeStatements(scope: Ec2Scope): StatementPlan[] {
  const { region, account, cluster } = scope;
  const own = {
    StringEquals: {
      [`aws:ResourceTag/${tagKeys.cluster}`]: cluster,
      [`aws:ResourceTag/${tagKeys.role}`]: "etcd",
    },
  };
  const via = { "kms:ViaService": `ec2.${region}.amazonaws.com` };
  return [
    {
      actions: ["ssm:GetParameter"],
      resources: [parameter(scope, parameterPaths.volume("*"))],
    },
    {
      actions: ["ec2:AttachVolume"],
      resources: [
        `arn:aws:ec2:${region}:${account}:volume/*`,
        `arn:aws:ec2:${region}:${account}:instance/*`,
      ],
      conditions: own,
    },
    { actions: ["ec2:DescribeVolumes"], resources: ["*"], anyResource: describeOnly },
    keyStatement(scope, "secrets", ["kms:CreateGrant"], {
      StringEquals: via,
      Bool: { "kms:GrantIsForAWSResource": "true" },
    }),
    keyStatement(
      scope,
      "secrets",
      ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"],
      { StringEquals: via },
    ),
  ];
}

/** Control planes put the join token where workers read it. */
export function tokenStatements(scope: Ec2Scope): StatementPlan[] {
  const token = parameter(scope, parameterPaths.joinToken);
  return [
    { actions: ["ssm:GetParameter", "ssm:PutParameter"], resources: [token] },
    keyStatement(scope, "secrets", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], {
      StringEquals: { "kms:EncryptionContext:PARAMETER_ARN": token },
    }),
  ];
}

/** Control planes add snapshots; they can neither list, read nor delete them. */
export function snapshotStatements(scope: Ec2Scope): StatementPlan[] {
  return [
    {
      actions: ["s3:PutObject"],
      resources: [`arn:aws:s3:::${scope.names.snapshotBucket}/snapshots/*`],
    },
    keyStatement(scope, "snapshots", ["kms:GenerateDataKey"], {
      StringEquals: { "kms:ViaService": `s3.${scope.region}.amazonaws.com` },
    }),
  ];
}

/** Members read snapshots, for a restore: they hold what is in them anyway. */
export function restoreStatements(scope: Ec2Scope): StatementPlan[] {
  return [
    {
      actions: ["s3:GetObject"],
      resources: [`arn:aws:s3:::${scope.names.snapshotBucket}/snapshots/*`],
    },
    keyStatement(scope, "snapshots", ["kms:Decrypt"], {
      StringEquals: { "kms:ViaService": `s3.${scope.region}.amazonaws.com` },
    }),
  ];
}

/** Workloads' images from the account's own registry. */
export function imageStatements({ region, account }: Ec2Scope): StatementPlan[] {
  return [
    {
      actions: ["ecr:GetAuthorizationToken"],
      resources: ["*"],
      anyResource: "A registry token is for the account, not for a repository",
    },
    {
      actions: [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
      ],
      resources: [`arn:aws:ecr:${region}:${account}:repository/*`],
    },
  ];
}

/**
 * The cloud controller manager completes nodes and forgets those that are gone; the approver of
 * serving certificates asks for addresses. Load balancers and routes are not the manager's here, so
 * it may not change them. Source: cloud-provider-aws, "Prerequisites".
 */
export function cloudControllerStatements(): StatementPlan[] {
  return [
    {
      actions: [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances",
        "ec2:DescribeInstanceTopology",
        "ec2:DescribeRegions",
      ],
      resources: ["*"],
      anyResource: describeOnly,
    },
  ];
}
