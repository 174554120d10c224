import type { EksConfig } from "../config/schema.ts";
import { clusterNames } from "./names.ts";

/** A customer-managed key. Lost, all that it encrypts is lost. */
export interface KeyPlan {
  purpose: "secrets" | "logs";
  description: string;
  /** Key policy document. In a key policy the resource "*" means the key itself. */
  policy: object;
}

/** Days between asking for a key's deletion and losing it: the longest that AWS offers. */
export const keyDeletionDays = 30;

export function planKeys(config: EksConfig): Record<KeyPlan["purpose"], KeyPlan> {
  const account = `arn:aws:iam::${config.accountId}:root`;
  const owner = {
    Sid: "AccountAdministersKey",
    Effect: "Allow",
    Principal: { AWS: account },
    Action: "kms:*",
    Resource: "*",
  };
  return {
    secrets: {
      purpose: "secrets",
      description: `Kubernetes secrets of ${config.name}`,
      policy: { Version: "2012-10-17", Statement: [owner] },
    },
    logs: {
      purpose: "logs",
      description: `Control-plane and flow logs of ${config.name}`,
      policy: { Version: "2012-10-17", Statement: [owner, logService(config)] },
    },
  };
}

/** CloudWatch Logs may use the key for the cluster's two groups only. Source: CloudWatch Logs guide. */
function logService(config: EksConfig): object {
  const names = clusterNames(config.name);
  const group = (name: string) =>
    `arn:aws:logs:${config.region}:${config.accountId}:log-group:${name}`;
  return {
    Sid: "LogsUseKey",
    Effect: "Allow",
    Principal: { Service: `logs.${config.region}.amazonaws.com` },
    Action: [
      "kms:Encrypt",
      "kms:Decrypt",
      "kms:ReEncrypt*",
      "kms:GenerateDataKey*",
      "kms:DescribeKey",
    ],
    Resource: "*",
    Condition: {
      ArnEquals: {
        "kms:EncryptionContext:aws:logs:arn": [
          group(names.controlPlaneLogGroup),
          group(names.flowLogGroup),
        ],
      },
    },
  };
}
