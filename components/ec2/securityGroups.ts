import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { SecurityGroupEgressRule } from "@pulumi/aws/vpc/securityGroupEgressRule.js";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule.js";
import * as pulumi from "@pulumi/pulumi";
import { type Ec2Flow, type FirewallGroup, firewallGroups } from "../../design/ec2/firewall.ts";
import type { Endpoints } from "../aws/endpoints.ts";

export interface SecurityGroupsArgs {
  flows: readonly Ec2Flow[];
  cluster: string;
  vpcId: pulumi.Input<string>;
  endpoints: Endpoints;
}

/** One group for each kind of machine, and a rule at both ends of each declared flow: no other. */
export class SecurityGroups extends pulumi.ComponentResource {
  readonly ids: Record<FirewallGroup, pulumi.Output<string>>;

  constructor(name: string, args: SecurityGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("quorum:ec2:SecurityGroups", name, {}, opts);
    const { cluster, endpoints } = args;
    const made = firewallGroups
      .filter((group) => group !== "endpoints")
      .map((group) => {
        const resource = new SecurityGroup(
          `${cluster}-${group}`,
          {
            vpcId: args.vpcId,
            description: `Machines and interfaces of ${cluster}: ${group}`,
            // Rules are resources of their own; none here means none that we do not name.
            tags: { Name: `${cluster}-${group}` },
          },
          { parent: this },
        );
        return [group, resource.id] as const;
      });
    this.ids = {
      ...Object.fromEntries(made),
      endpoints: endpoints.securityGroupId,
    } as Record<FirewallGroup, pulumi.Output<string>>;
    for (const flow of args.flows) this.open(flow, args);
    this.registerOutputs({});
  }

  private open(flow: Ec2Flow, { cluster, endpoints }: SecurityGroupsArgs): void {
    const { from, to, protocol, ports, reason } = flow;
    const what = ports === undefined ? protocol : `${protocol}-${ports.from}`;
    const name = `${cluster}-${partyName(from)}-to-${partyName(to)}-${what}`;
    const shared = {
      description: reason,
      ipProtocol: protocol === "all" ? "-1" : protocol,
      ...(protocol === "icmp" ? { fromPort: -1, toPort: -1 } : {}),
      ...(ports === undefined ? {} : { fromPort: ports.from, toPort: ports.to }),
    };
    const child = { parent: this };
    if (typeof to === "string" && to !== "s3")
      new SecurityGroupIngressRule(
        name,
        { securityGroupId: this.ids[to], ...shared, ...this.peer(from) },
        child,
      );
    if (typeof from !== "string") return;
    const peer = to === "s3" ? { prefixListId: endpoints.s3PrefixListId } : this.peer(to);
    new SecurityGroupEgressRule(
      name,
      { securityGroupId: this.ids[from], ...shared, ...peer },
      child,
    );
  }

  private peer(party: FirewallGroup | { cidr: string }) {
    return typeof party === "string"
      ? { referencedSecurityGroupId: this.ids[party] }
      : { cidrIpv4: party.cidr };
  }
}

function partyName(party: Ec2Flow["from"] | Ec2Flow["to"]): string {
  return typeof party === "string" ? party : party.cidr;
}
