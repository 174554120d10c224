import type { EksConfig } from "../config/schema.ts";
import { clusterNames } from "./names.ts";

/** A customer-managed key. Lost, all that it encrypts is lost. */
export interface KeyPlan<Purpose extends string = string> {
  purpose: Purpose;
  description: string;
  /** Key policy document. In a key policy the resource "*" means the key itself. */
  policy: object;
}

/** Days between asking for a key's deletion and losing it: the longest that AWS offers. */
export const keyDeletionDays = 30;

type EksKey = "secrets" | "logs";

export function planKeys(config: EksConfig): Record<EksKey, KeyPlan<EksKey>> {
  const owner = keyOwner(config.accountId);
  const names = clusterNames(config.name);
  return {
    secrets: {
      purpose: "secrets",
      description: `Kubernetes secrets of ${config.name}`,
      policy: { Version: "2012-10-17", Statement: [owner] },
    },
    logs: {
      purpose: "logs",
      description: `Control-plane and flow logs of ${config.name}`,
      policy: {
        Version: "2012-10-17",
        Statement: [owner, logService(config, [names.controlPlaneLogGroup, names.flowLogGroup])],
      },
    },
  };
}

/** The account administers its key; what else may use it is said by roles. */
export function keyOwner(accountId: string): object {
  return {
    Sid: "AccountAdministersKey",
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${accountId}:root` },
    Action: "kms:*",
    Resource: "*",
  };
}

/** CloudWatch Logs may use the key for these groups only. Source: CloudWatch Logs guide. */
export function logService(
  config: { region: string; accountId: string },
  groups: readonly string[],
): object {
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
        "kms:EncryptionContext:aws:logs:arn": groups.map(group),
      },
    },
  };
}
