/** Tag of everything that a cluster's stack makes. */
export const clusterTagKey = "quorum:cluster";

/** Tags of everything that can carry them: the stack's own, then ours, which nobody overrides. */
export function clusterTags(config: {
  name: string;
  tags: Readonly<Record<string, string>>;
}): Record<string, string> {
  return { ...config.tags, [clusterTagKey]: config.name, "quorum:managed-by": "pulumi" };
}

/** Tags by which load-balancer controllers find subnets. Source: AWS Load Balancer Controller guide. */
export const subnetTags = {
  public: { "kubernetes.io/role/elb": "1" },
  private: { "kubernetes.io/role/internal-elb": "1" },
  isolated: {},
} as const;
