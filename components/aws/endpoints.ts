import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { VpcEndpoint } from "@pulumi/aws/ec2/vpcEndpoint.js";
import { VpcEndpointRouteTableAssociation } from "@pulumi/aws/ec2/vpcEndpointRouteTableAssociation.js";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule.js";
import * as pulumi from "@pulumi/pulumi";
import type { FlowPlan } from "../../design/firewall.ts";
import type { NetworkPlan } from "../../design/network.ts";
import type { ZoneNetwork } from "./zoneNetwork.ts";

export interface EndpointsArgs {
  plan: NetworkPlan;
  firewall: readonly FlowPlan[];
  cluster: string;
  vpcId: pulumi.Input<string>;
  zones: ReadonlyMap<string, ZoneNetwork>;
}

/** Ways to AWS that need no NAT gateway. Interfaces are charged by the hour, S3's gateway is free. */
export class Endpoints extends pulumi.ComponentResource {
  readonly securityGroupId: pulumi.Output<string>;
  /** Addresses of S3, as security groups take them. */
  readonly s3PrefixListId: pulumi.Output<string>;

  constructor(name: string, args: EndpointsArgs, opts?: pulumi.ComponentResourceOptions) {
    const { plan, cluster } = args;
    super("quorum:aws:Endpoints", name, { zones: plan.anchorZones }, opts);
    this.s3PrefixListId = this.s3(args).prefixListId;
    const group = this.securityGroup(args);
    this.securityGroupId = group.id;
    const subnetIds = plan.anchorZones.flatMap((zone) => {
      const network = args.zones.get(zone);
      return network === undefined ? [] : [network.subnetIds.isolated];
    });
    for (const { service } of plan.endpoints)
      new VpcEndpoint(
        `${cluster}-${service}`,
        {
          vpcId: args.vpcId,
          serviceName: `com.amazonaws.${plan.region}.${service}`,
          vpcEndpointType: "Interface",
          privateDnsEnabled: true,
          subnetIds,
          securityGroupIds: [group.id],
          tags: { Name: `${cluster}-${service}` },
        },
        { parent: this },
      );
    this.registerOutputs({});
  }

  /** Joined to each route table by a resource of its own, so that a further zone changes nothing. */
  private s3({ plan, cluster, vpcId, zones }: EndpointsArgs): VpcEndpoint {
    const child = { parent: this };
    const gateway = new VpcEndpoint(
      `${cluster}-s3`,
      {
        vpcId,
        serviceName: `com.amazonaws.${plan.region}.s3`,
        vpcEndpointType: "Gateway",
        tags: { Name: `${cluster}-s3` },
      },
      child,
    );
    for (const [zone, { routeTableIds }] of zones)
      for (const tier of ["private", "isolated"] as const)
        new VpcEndpointRouteTableAssociation(
          `${cluster}-s3-${tier}-${zone}`,
          { vpcEndpointId: gateway.id, routeTableId: routeTableIds[tier] },
          child,
        );
    return gateway;
  }

  private securityGroup({ firewall, cluster, vpcId }: EndpointsArgs): SecurityGroup {
    const child = { parent: this };
    const group = new SecurityGroup(
      `${cluster}-endpoints`,
      {
        vpcId,
        description: "Interface endpoints",
        // Rules are resources of their own; none here means none that we do not name.
        tags: { Name: `${cluster}-endpoints` },
      },
      child,
    );
    for (const flow of firewall.filter(({ to }) => to === "endpoints"))
      new SecurityGroupIngressRule(
        `${cluster}-endpoints-from-${flow.from}`,
        {
          securityGroupId: group.id,
          description: flow.reason,
          ipProtocol: flow.protocol,
          fromPort: flow.ports.from,
          toPort: flow.ports.to,
          cidrIpv4: flow.from,
        },
        child,
      );
    return group;
  }
}
