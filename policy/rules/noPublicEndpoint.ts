import { at, entriesIn } from "../../proof/read.ts";
import type { PlannedResource, ResourceRule } from "../rule.ts";

const world = ["0.0.0.0/0", "::/0"];

function cluster({ inputs }: PlannedResource): string[] {
  const isPublic = inputs.endpointPublicAccess ?? at(inputs, "vpcConfig", "endpointPublicAccess");
  if (isPublic === false) return [];
  const cidrs = entriesIn(inputs.publicAccessCidrs ?? at(inputs, "vpcConfig", "publicAccessCidrs"));
  if (cidrs.length > 0 && !cidrs.some((cidr) => world.includes(String(cidr)))) return [];
  return [
    "the API endpoint is open to the whole internet: set endpointPublicAccess to false, or publicAccessCidrs to your own ranges",
  ];
}

function loadBalancer({ inputs }: PlannedResource): string[] {
  return inputs.internal === true
    ? []
    : ["the load balancer faces the internet: set internal to true"];
}

function ingressRule({ inputs }: PlannedResource): string[] {
  const cidr = inputs.cidrIpv4 ?? inputs.cidrIpv6;
  return world.includes(String(cidr))
    ? [`it lets in ${cidr}: name the ranges or security groups that need it`]
    : [];
}

function securityGroup({ inputs }: PlannedResource): string[] {
  return entriesIn(inputs.ingress).flatMap((rule) => {
    const cidrs = [...entriesIn(at(rule, "cidrBlocks")), ...entriesIn(at(rule, "ipv6CidrBlocks"))];
    const open = cidrs.find((cidr) => world.includes(String(cidr)));
    return open === undefined
      ? []
      : [`its ingress lets in ${open}: name the ranges or security groups that need it`];
  });
}

function ownRule(resource: PlannedResource): string[] {
  const { inputs } = resource;
  return inputs.type === "ingress"
    ? securityGroup({ ...resource, inputs: { ingress: [inputs] } })
    : [];
}

const checks: Record<string, (resource: PlannedResource) => string[]> = {
  "eks:index:Cluster": cluster,
  "aws:eks/cluster:Cluster": cluster,
  "aws:lb/loadBalancer:LoadBalancer": loadBalancer,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ingressRule,
  "aws:ec2/securityGroup:SecurityGroup": securityGroup,
  "aws:ec2/securityGroupRule:SecurityGroupRule": ownRule,
};

export const noPublicEndpoint: ResourceRule = {
  kind: "resource",
  name: "no-public-endpoint",
  description: "Nothing of the cluster is open to the whole internet.",
  level: "mandatory",
  check: (resource) => checks[resource.type]?.(resource) ?? [],
};
