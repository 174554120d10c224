import { logRetentionDays } from "../aws.ts";
import type { Finding } from "../errors.ts";

/** A retention that CloudWatch Logs offers. */
export function logRetention({ logRetentionDays: days }: { logRetentionDays: number }): Finding[] {
  if (logRetentionDays.includes(days)) return [];
  return [
    {
      key: "logRetentionDays",
      value: days,
      remedy: `Use one of ${logRetentionDays.join(", ")}.`,
      rule: "CloudWatch Logs keeps groups for these periods only.",
    },
  ];
}
