import { Eip } from "@pulumi/aws/ec2/eip.js";
import { NatGateway } from "@pulumi/aws/ec2/natGateway.js";
import { Route } from "@pulumi/aws/ec2/route.js";
import { RouteTable } from "@pulumi/aws/ec2/routeTable.js";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation.js";
import { Subnet } from "@pulumi/aws/ec2/subnet.js";
import * as pulumi from "@pulumi/pulumi";
import type { Tier } from "../../config/vpcLayout.ts";
import type { ZoneNetworkPlan } from "../../design/network.ts";

export interface ZoneNetworkArgs {
  plan: ZoneNetworkPlan;
  /** Cluster name, the first part of every name. */
  cluster: string;
  vpcId: pulumi.Input<string>;
  internetGatewayId: pulumi.Input<string>;
}

const anywhere = "0.0.0.0/0";

/**
 * One zone of the VPC: a public, a private and an isolated subnet, each with a route table of its
 * own, and a NAT gateway. It needs no other zone, and no other zone needs it.
 * A NAT gateway is charged by the hour and by the byte.
 */
export class ZoneNetwork extends pulumi.ComponentResource {
  readonly zone: string;
  readonly subnetIds: Record<Tier, pulumi.Output<string>>;
  readonly routeTableIds: Record<Tier, pulumi.Output<string>>;

  constructor(name: string, args: ZoneNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    const { zone, subnets } = args.plan;
    super("quorum:aws:ZoneNetwork", name, { zone, natGateways: 1, subnets }, opts);
    this.zone = zone;
    const tiers = {
      public: this.tier("public", args),
      private: this.tier("private", args),
      isolated: this.tier("isolated", args),
    };
    const named = (what: string) => `${args.cluster}-${what}-${zone}`;
    const child = { parent: this };
    const publicRoute = new Route(
      named("public-internet"),
      {
        routeTableId: tiers.public.routeTable.id,
        destinationCidrBlock: anywhere,
        gatewayId: args.internetGatewayId,
      },
      child,
    );
    const address = new Eip(
      named("nat"),
      { domain: "vpc", tags: { Name: named("nat") } },
      { ...child, dependsOn: publicRoute },
    );
    const nat = new NatGateway(
      named("nat"),
      {
        subnetId: tiers.public.subnet.id,
        allocationId: address.allocationId,
        tags: { Name: named("nat") },
      },
      { ...child, dependsOn: publicRoute },
    );
    new Route(
      named("private-internet"),
      {
        routeTableId: tiers.private.routeTable.id,
        destinationCidrBlock: anywhere,
        natGatewayId: nat.id,
      },
      child,
    );
    this.subnetIds = ids(tiers, ({ subnet }) => subnet.id);
    this.routeTableIds = ids(tiers, ({ routeTable }) => routeTable.id);
    this.registerOutputs({ subnetIds: this.subnetIds });
  }

  private tier(tier: Tier, { plan, cluster, vpcId }: ZoneNetworkArgs) {
    const name = `${cluster}-${tier}-${plan.zone}`;
    const { cidr, tags } = plan.subnets[tier];
    const child = { parent: this };
    const subnet = new Subnet(
      name,
      {
        vpcId,
        availabilityZone: plan.zone,
        cidrBlock: cidr,
        mapPublicIpOnLaunch: false,
        tags: { Name: name, ...tags },
      },
      child,
    );
    const routeTable = new RouteTable(name, { vpcId, tags: { Name: name } }, child);
    new RouteTableAssociation(name, { subnetId: subnet.id, routeTableId: routeTable.id }, child);
    return { subnet, routeTable };
  }
}

function ids<T>(
  tiers: Record<Tier, T>,
  pick: (tier: T) => pulumi.Output<string>,
): Record<Tier, pulumi.Output<string>> {
  return {
    public: pick(tiers.public),
    private: pick(tiers.private),
    isolated: pick(tiers.isolated),
  };
}
