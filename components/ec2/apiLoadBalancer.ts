import { Listener } from "@pulumi/aws/lb/listener.js";
import { LoadBalancer } from "@pulumi/aws/lb/loadBalancer.js";
import { TargetGroup } from "@pulumi/aws/lb/targetGroup.js";
import { Record as DnsRecord } from "@pulumi/aws/route53/record.js";
import * as pulumi from "@pulumi/pulumi";

export interface ApiLoadBalancerArgs {
  cluster: string;
  apiName: string;
  port: number;
  zones: string[];
  /** Names of the groups behind it. */
  backends: string[];
  vpcId: pulumi.Input<string>;
  subnetIds: pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
  zoneId: pulumi.Input<string>;
  protect: boolean;
}

/**
 * Internal balancer in front of all API servers. Targets that die are noticed within 15 s, and their
 * connections reset; clients' addresses are not kept, because a server that calls itself through the
 * balancer would then never be answered.
 */
export class ApiLoadBalancer extends pulumi.ComponentResource {
  readonly targetGroupArn: pulumi.Output<string>;

  constructor(name: string, args: ApiLoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { zones, backends, port } = args;
    super("quorum:ec2:ApiLoadBalancer", name, { zones, backends, crossZone: true, port }, opts);
    const child = { parent: this };
    const balancer = new LoadBalancer(
      name,
      {
        internal: true,
        loadBalancerType: "network",
        subnets: args.subnetIds,
        securityGroups: [args.securityGroupId],
        enableCrossZoneLoadBalancing: true,
        enableDeletionProtection: args.protect,
        tags: { Name: name },
      },
      { ...child, protect: args.protect },
    );
    const targets = this.targets(name, args);
    new Listener(
      name,
      {
        loadBalancerArn: balancer.arn,
        port,
        protocol: "TCP",
        defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
      },
      child,
    );
    new DnsRecord(
      name,
      {
        zoneId: args.zoneId,
        name: args.apiName,
        type: "A",
        aliases: [
          // The balancer itself takes a dead zone out of its name.
          { name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: false },
        ],
      },
      child,
    );
    this.targetGroupArn = targets.arn;
    this.registerOutputs({});
  }

  private targets(name: string, { vpcId, port }: ApiLoadBalancerArgs): TargetGroup {
    return new TargetGroup(
      name,
      {
        vpcId,
        port,
        protocol: "TCP",
        targetType: "instance",
        preserveClientIp: "false",
        deregistrationDelay: 60,
        // Without it clients hang on connections to a server that is gone (CAPA#5800).
        connectionTermination: true,
        targetHealthStates: [{ enableUnhealthyConnectionTermination: true }],
        healthCheck: {
          protocol: "HTTPS",
          path: "/readyz",
          port: "traffic-port",
          matcher: "200",
          interval: 5,
          timeout: 3,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
        },
        tags: { Name: name },
      },
      { parent: this },
    );
  }
}
