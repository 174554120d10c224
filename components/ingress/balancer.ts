import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { Listener } from "@pulumi/aws/lb/listener.js";
import { LoadBalancer } from "@pulumi/aws/lb/loadBalancer.js";
import { TargetGroup } from "@pulumi/aws/lb/targetGroup.js";
import { SecurityGroupEgressRule } from "@pulumi/aws/vpc/securityGroupEgressRule.js";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule.js";
import * as pulumi from "@pulumi/pulumi";
import type { BalancerPlan } from "../../design/ingress/ingress.ts";
import type { Network } from "../aws/network.ts";

export interface IngressBalancerArgs {
  plan: BalancerPlan;
  network: Network;
  targetSecurityGroupId: pulumi.Input<string>;
}

/**
 * Network load balancer over all zones of the plan. Lets in whom the plan names, and reaches targets on
 * their ports alone. A target that dies is noticed within 20 s and its connections are reset. Charged by
 * the hour and by traffic.
 */
export class IngressBalancer extends pulumi.ComponentResource {
  private readonly targetGroups = new Map<string, TargetGroup>();

  constructor(name: string, args: IngressBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { plan, network } = args;
    const zones = [...network.zones.keys()];
    super("quorum:aws:IngressBalancer", name, { zones, crossZone: true }, opts);
    const child = { parent: this };
    const group = this.securityGroup(name, args);
    const balancer = new LoadBalancer(
      name,
      {
        internal: plan.internal,
        loadBalancerType: "network",
        subnets: zones.map((zone) => network.zone(zone).subnetIds[plan.tier]),
        securityGroups: [group.id],
        enableCrossZoneLoadBalancing: true,
        enableDeletionProtection: plan.protect,
        tags: { Name: name },
      },
      { ...child, protect: plan.protect },
    );
    for (const listener of plan.listeners) {
      const targets = this.targets(`${name}-${listener.name}`, listener.targetPort, args);
      this.targetGroups.set(listener.name, targets);
      new Listener(
        `${name}-${listener.name}`,
        {
          loadBalancerArn: balancer.arn,
          port: listener.port,
          protocol: "TCP",
          defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
        },
        child,
      );
    }
    this.registerOutputs({ dnsName: balancer.dnsName });
  }

  /** Of a listener that the plan names; asking for another is a bug. */
  targetGroupArn(listener: string): pulumi.Output<string> {
    const found = this.targetGroups.get(listener);
    if (found === undefined) throw new Error(`the balancer has no listener ${listener}`);
    return found.arn;
  }

  private targets(name: string, port: number, { plan, network }: IngressBalancerArgs): TargetGroup {
    return new TargetGroup(
      name,
      {
        vpcId: network.vpcId,
        port,
        protocol: "TCP",
        targetType: plan.targetType,
        // Targets see the balancer's address: a pod that calls itself through it is answered.
        preserveClientIp: "false",
        deregistrationDelay: 30,
        connectionTermination: true,
        targetHealthStates: [{ enableUnhealthyConnectionTermination: true }],
        healthCheck: {
          protocol: "TCP",
          port: "traffic-port",
          interval: 10,
          timeout: 5,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
        },
        tags: { Name: name },
      },
      { parent: this },
    );
  }

  private securityGroup(name: string, args: IngressBalancerArgs): SecurityGroup {
    const { plan, network } = args;
    const child = { parent: this };
    const group = new SecurityGroup(
      name,
      { vpcId: network.vpcId, description: `Balancer of ${name}`, tags: { Name: name } },
      child,
    );
    for (const { name: listener, port, targetPort } of plan.listeners) {
      for (const cidrIpv4 of plan.clientCidrs)
        new SecurityGroupIngressRule(
          `${name}-${listener}-from-${cidrIpv4}`,
          {
            securityGroupId: group.id,
            description: "Users connect",
            ipProtocol: "tcp",
            fromPort: port,
            toPort: port,
            cidrIpv4,
          },
          child,
        );
      const toTargets = {
        description: "The balancer reaches its targets",
        ipProtocol: "tcp",
        fromPort: targetPort,
        toPort: targetPort,
      };
      new SecurityGroupEgressRule(
        `${name}-${listener}-targets`,
        {
          securityGroupId: group.id,
          ...toTargets,
          referencedSecurityGroupId: args.targetSecurityGroupId,
        },
        child,
      );
      new SecurityGroupIngressRule(
        `${name}-${listener}-targets`,
        {
          securityGroupId: args.targetSecurityGroupId,
          ...toTargets,
          referencedSecurityGroupId: group.id,
        },
        child,
      );
    }
    return group;
  }
}
