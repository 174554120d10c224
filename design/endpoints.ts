/** An AWS service that nodes reach inside the VPC, also when a zone's NAT gateway is gone. */
export interface EndpointPlan {
  /** The part of the service name after the region, e.g. "ecr.api". */
  service: string;
  reason: string;
}

/** Interface endpoints. S3 has a gateway endpoint, which is free. Source: EKS guide, "Private clusters". */
export const interfaceEndpoints: EndpointPlan[] = [
  { service: "ec2", reason: "the network plugin and the volume driver" },
  { service: "ecr.api", reason: "nodes sign in to pull images" },
  { service: "ecr.dkr", reason: "nodes pull images" },
  { service: "sts", reason: "roles of pods" },
  { service: "eks", reason: "nodes learn about their cluster" },
  { service: "eks-auth", reason: "pod identity" },
  { service: "logs", reason: "log shipping" },
  { service: "autoscaling", reason: "the autoscaler" },
  { service: "elasticloadbalancing", reason: "the load-balancer controller" },
];
