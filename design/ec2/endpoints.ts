import type { EndpointPlan } from "../endpoints.ts";

/**
 * Every AWS service that machines need, inside the VPC: without a NAT gateway they boot, run and are
 * replaced all the same. S3 has a gateway endpoint besides.
 */
export const ec2Endpoints: EndpointPlan[] = [
  { service: "ssm", reason: "secrets, marker, join token, state" },
  { service: "ssmmessages", reason: "Session Manager" },
  { service: "ec2messages", reason: "older SSM agents" },
  { service: "ec2", reason: "volumes, the cloud controller and the volume driver" },
  { service: "kms", reason: "envelope encryption by workloads" },
  { service: "sts", reason: "roles of workloads" },
  { service: "ecr.api", reason: "nodes sign in to pull images" },
  { service: "ecr.dkr", reason: "nodes pull images" },
  { service: "autoscaling", reason: "the autoscaler, machines that leave" },
  { service: "elasticloadbalancing", reason: "load-balancer controllers" },
];
