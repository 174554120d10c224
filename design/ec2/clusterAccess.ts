import type { Ec2Config } from "../../config/schema.ts";
import { ports } from "../ports.ts";
import type { Ec2Names } from "./names.ts";

/** How whoever runs the stack reaches the API, to put on it what runs on the cluster. */
export interface ClusterAccessPlan {
  /** URL to connect to. */
  server: string;
  /** Name that the server's certificate must have. */
  serverName: string;
  /** Life of the client certificate; it is renewed by an `up` in the last part of it. */
  certificateDays: number;
  renewalDays: number;
  /** Longest wait for the first answer: machines boot by themselves while `up` goes on. */
  waitSeconds: number;
}

export function planClusterAccess({ api }: Ec2Config, { apiName }: Ec2Names): ClusterAccessPlan {
  return {
    server: `https://${api.operatorAddress ?? `${apiName}:${ports.apiServer}`}`,
    serverName: apiName,
    certificateDays: 365,
    renewalDays: 120,
    waitSeconds: 1800,
  };
}
