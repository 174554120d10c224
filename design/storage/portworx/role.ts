import type { AwsConfig } from "../../../config/schema.ts";
import type { StatementPlan } from "../../iamStatements.ts";

/**
 * What Portworx's pods may do: make and move its disks. Narrowed to the account's volumes and
 * instances. Source: Portworx, "Installation on AWS", permissions.
 */
export function portworxStatements({ region, accountId }: AwsConfig): StatementPlan[] {
  const arn = (kind: string) => `arn:aws:ec2:${region}:${accountId}:${kind}/*`;
  return [
    {
      actions: [
        "ec2:DescribeTags",
        "ec2:DescribeVolumes",
        "ec2:DescribeVolumeAttribute",
        "ec2:DescribeVolumesModifications",
        "ec2:DescribeVolumeStatus",
        "ec2:DescribeInstances",
        "autoscaling:DescribeAutoScalingGroups",
      ],
      resources: ["*"],
      anyResource: "EC2 and Auto Scaling describe calls know no resource",
    },
    {
      actions: ["ec2:AttachVolume", "ec2:DetachVolume"],
      resources: [arn("volume"), arn("instance")],
    },
    {
      actions: [
        "ec2:CreateVolume",
        "ec2:ModifyVolume",
        "ec2:DeleteVolume",
        "ec2:CreateTags",
        "ec2:DeleteTags",
      ],
      resources: [arn("volume")],
    },
  ];
}
