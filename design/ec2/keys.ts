import type { Ec2Config } from "../../config/schema.ts";
import { type KeyPlan, keyOwner, logService } from "../encryption.ts";
import { ec2Names } from "./names.ts";

/** secrets: SSM parameters and etcd's volumes; snapshots: outlives the stack with its bucket. */
export type Ec2Key = "secrets" | "snapshots" | "logs";

export function planEc2Keys(config: Ec2Config): Record<Ec2Key, KeyPlan<Ec2Key>> {
  const owner = keyOwner(config.accountId);
  const { flowLogGroup } = ec2Names(config.name, config.accountId, config.region);
  const policy = (...more: object[]) => ({ Version: "2012-10-17", Statement: [owner, ...more] });
  return {
    secrets: {
      purpose: "secrets",
      description: `Key material and etcd volumes of ${config.name}`,
      policy: policy(),
    },
    snapshots: {
      purpose: "snapshots",
      description: `etcd snapshots of ${config.name}`,
      policy: policy(),
    },
    logs: {
      purpose: "logs",
      description: `Flow logs of ${config.name}`,
      policy: policy(logService(config, [flowLogGroup])),
    },
  };
}
