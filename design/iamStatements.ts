import { clusterTagKey } from "./tags.ts";

/** What a role may do. */
export interface StatementPlan {
  actions: string[];
  /** ARNs. "*" only together with `anyResource`. */
  resources: string[];
  /** Why "*" it is: the actions know no narrower resource. */
  anyResource?: string;
  /** Operator, then condition key, then value. */
  conditions?: Record<string, Record<string, string | string[]>>;
}

export interface IamScope {
  region: string;
  account: string;
  cluster: string;
  flowLogGroup: string;
}

const describeOnly = "EC2 and Auto Scaling describe calls know no resource";

/** Flow logs into their own group. */
export function flowLogStatements({ region, account, flowLogGroup }: IamScope): StatementPlan[] {
  return [
    {
      actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
      resources: [`arn:aws:logs:${region}:${account}:log-group:${flowLogGroup}:*`],
    },
    {
      actions: ["logs:DescribeLogGroups"],
      resources: [`arn:aws:logs:${region}:${account}:log-group:*`],
    },
  ];
}

/** Source: VPC CNI, "IAM policy"; narrowed to the account, and to interfaces and instances. */
export function networkPluginStatements({ region, account }: IamScope): StatementPlan[] {
  const ec2 = (kind: string) => `arn:aws:ec2:${region}:${account}:${kind}/*`;
  return [
    {
      actions: [
        "ec2:DescribeInstances",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeTags",
      ],
      resources: ["*"],
      anyResource: describeOnly,
    },
    {
      actions: [
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
        "ec2:DeleteNetworkInterface",
      ],
      resources: [ec2("network-interface")],
    },
    {
      actions: [
        "ec2:AttachNetworkInterface",
        "ec2:DetachNetworkInterface",
        "ec2:ModifyNetworkInterfaceAttribute",
      ],
      resources: [ec2("network-interface"), ec2("instance"), ec2("security-group")],
    },
    {
      actions: ["ec2:CreateNetworkInterface"],
      resources: [ec2("network-interface"), ec2("subnet"), ec2("security-group")],
    },
    {
      actions: ["ec2:CreateTags"],
      resources: [ec2("network-interface")],
    },
  ];
}

/** Tag that the driver puts on all it makes, and may only touch where it stands. */
const volumeTag = "ebs.csi.aws.com/cluster";

/** Source: EBS CSI driver, "Example IAM policy"; narrowed to the region and account. */
export function volumeDriverStatements({ region, account }: IamScope): StatementPlan[] {
  const volume = `arn:aws:ec2:${region}:${account}:volume/*`;
  // Snapshots carry no account in their ARN.
  const snapshot = `arn:aws:ec2:${region}::snapshot/*`;
  const instance = `arn:aws:ec2:${region}:${account}:instance/*`;
  const own = { StringEquals: { [`aws:ResourceTag/${volumeTag}`]: "true" } };
  const madeByDriver = { StringEquals: { [`aws:RequestTag/${volumeTag}`]: "true" } };
  return [
    {
      actions: [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances",
        "ec2:DescribeSnapshots",
        "ec2:DescribeTags",
        "ec2:DescribeVolumes",
        "ec2:DescribeVolumesModifications",
        "ec2:DescribeVolumeStatus",
      ],
      resources: ["*"],
      anyResource: describeOnly,
    },
    { actions: ["ec2:CreateVolume"], resources: [volume], conditions: madeByDriver },
    { actions: ["ec2:CreateVolume"], resources: [snapshot] },
    { actions: ["ec2:CreateSnapshot"], resources: [snapshot], conditions: madeByDriver },
    { actions: ["ec2:CreateSnapshot"], resources: [volume], conditions: own },
    {
      actions: ["ec2:AttachVolume", "ec2:DetachVolume"],
      resources: [volume],
      conditions: own,
    },
    { actions: ["ec2:AttachVolume", "ec2:DetachVolume"], resources: [instance] },
    {
      actions: ["ec2:ModifyVolume", "ec2:DeleteVolume"],
      resources: [volume],
      conditions: own,
    },
    { actions: ["ec2:DeleteSnapshot"], resources: [snapshot], conditions: own },
    {
      actions: ["ec2:CreateTags"],
      resources: [volume, snapshot],
      conditions: { StringEquals: { "ec2:CreateAction": ["CreateVolume", "CreateSnapshot"] } },
    },
  ];
}

/**
 * Source: AWS Load Balancer Controller, "IAM policy"; cut down to keeping the targets of this cluster's
 * target groups.
 */
export function loadBalancerStatements({ region, account, cluster }: IamScope): StatementPlan[] {
  return [
    {
      actions: [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
      ],
      resources: ["*"],
      anyResource: "EC2 and load balancing describe calls know no resource",
    },
    {
      actions: ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"],
      resources: [`arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/*`],
      conditions: { StringEquals: { [`aws:ResourceTag/${clusterTagKey}`]: cluster } },
    },
  ];
}

/** Source: Cluster Autoscaler, AWS provider, "Full Cluster Autoscaler features policy". */
export function autoscalerStatements({ region, account, cluster }: IamScope): StatementPlan[] {
  return [
    {
      actions: [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
      ],
      resources: ["*"],
      anyResource: describeOnly,
    },
    {
      actions: ["eks:DescribeNodegroup"],
      resources: [`arn:aws:eks:${region}:${account}:nodegroup/${cluster}/*`],
    },
    {
      actions: [
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
      ],
      resources: [`arn:aws:autoscaling:${region}:${account}:autoScalingGroup:*`],
      conditions: {
        StringEquals: { [`aws:ResourceTag/k8s.io/cluster-autoscaler/${cluster}`]: "owned" },
      },
    },
  ];
}
