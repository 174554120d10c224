import { DefaultSecurityGroup } from "@pulumi/aws/ec2/defaultSecurityGroup.js";
import { InternetGateway } from "@pulumi/aws/ec2/internetGateway.js";
import { Vpc } from "@pulumi/aws/ec2/vpc.js";
import * as pulumi from "@pulumi/pulumi";
import type { FlowPlan } from "../../design/firewall.ts";
import type { NetworkPlan } from "../../design/network.ts";
import { Endpoints } from "./endpoints.ts";
import { ZoneNetwork } from "./zoneNetwork.ts";

export interface NetworkArgs {
  plan: NetworkPlan;
  firewall: readonly FlowPlan[];
  cluster: string;
}

/**
 * VPC over the zones of the plan, with its endpoints. Survives the loss of any zone; does not
 * survive the loss of the region. Its default security group lets nothing through.
 */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  /** By zone name, in the order of the plan. */
  readonly zones: ReadonlyMap<string, ZoneNetwork>;
  readonly endpoints: Endpoints;

  constructor(
    name: string,
    { plan, firewall, cluster }: NetworkArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("quorum:aws:Network", name, { region: plan.region, cidr: plan.cidr }, opts);
    const child = { parent: this };
    const vpc = new Vpc(
      `${cluster}-vpc`,
      {
        cidrBlock: plan.cidr,
        enableDnsHostnames: true,
        enableDnsSupport: true,
        tags: { Name: cluster },
      },
      child,
    );
    this.vpcId = vpc.id;
    new DefaultSecurityGroup(
      `${cluster}-default`,
      { vpcId: vpc.id, ingress: [], egress: [], tags: { Name: `${cluster}-default-closed` } },
      child,
    );
    const internet = new InternetGateway(
      `${cluster}-internet`,
      { vpcId: vpc.id, tags: { Name: cluster } },
      child,
    );
    this.zones = new Map(
      plan.zones.map((zone) => [
        zone.zone,
        new ZoneNetwork(
          `${cluster}-zone-${zone.zone}`,
          { plan: zone, cluster, vpcId: vpc.id, internetGatewayId: internet.id },
          child,
        ),
      ]),
    );
    this.endpoints = new Endpoints(
      `${cluster}-endpoints`,
      { plan, firewall, cluster, vpcId: vpc.id, zones: this.zones },
      child,
    );
    this.registerOutputs({ vpcId: this.vpcId });
  }

  /** A zone that the plan names; asking for another is a bug. */
  zone(name: string): ZoneNetwork {
    const zone = this.zones.get(name);
    if (zone === undefined) throw new Error(`the network has no zone ${name}`);
    return zone;
  }
}
