import type { EksConfig } from "../config/schema.ts";

/** One allowed flow. What no flow names is closed. */
export interface FlowPlan {
  /** Group of machines or an IPv4 range. */
  from: string;
  /** Group of machines that receives. */
  to: "endpoints" | "control-plane";
  protocol: "tcp";
  /** First and last port. */
  ports: { from: number; to: number };
  reason: string;
}

const https = { from: 443, to: 443 };

/**
 * Flows that we open on EKS. The control plane and its nodes share the group that EKS makes, which
 * opens everything between them and nothing else.
 */
export function planFirewall(config: EksConfig): FlowPlan[] {
  return [
    {
      from: config.network.cidr,
      to: "endpoints",
      protocol: "tcp",
      ports: https,
      reason: "Nodes and pods call AWS inside the VPC",
    },
    ...config.api.privateCidrs.map(
      (from): FlowPlan => ({
        from,
        to: "control-plane",
        protocol: "tcp",
        ports: https,
        reason: "Clients outside the VPC call the private API endpoint",
      }),
    ),
  ];
}
