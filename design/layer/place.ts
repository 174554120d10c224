import type { AwsConfig } from "../../config/schema.ts";

/** Values and pod fields that put pods where they can act for AWS. */
export interface AwsPlace {
  hostNetwork?: true;
  dnsPolicy?: "ClusterFirstWithHostNet";
  nodeSelector?: Record<string, string>;
  tolerations?: { key: string; operator: "Exists"; effect: "NoSchedule" }[];
}

/**
 * On EKS pods get a role of their own wherever they are. On EC2 machines only what shares a control
 * plane's network reaches the metadata service there, which gives the machine's role; workers' roles
 * can do none of it.
 */
export function awsPlace({ platform }: AwsConfig): AwsPlace {
  if (platform === "eks") return {};
  return {
    hostNetwork: true,
    dnsPolicy: "ClusterFirstWithHostNet",
    nodeSelector: { "node-role.kubernetes.io/control-plane": "" },
    tolerations: [
      { key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" },
    ],
  };
}
