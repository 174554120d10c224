import * as pulumi from "@pulumi/pulumi";
import type { Ec2PoolPlan } from "../../design/ec2/pools.ts";
import type { Network } from "../aws/network.ts";
import { type GroupContext, MachineGroup } from "./machineGroup.ts";

export interface Ec2NodePoolArgs {
  context: GroupContext;
  pool: Ec2PoolPlan;
  network: Network;
  securityGroupId: pulumi.Input<string>;
}

/**
 * Worker pool: one group in each zone, so that volumes and autoscaling stay zonal. Keeps `minNodes`
 * when any one zone is lost.
 */
export class Ec2NodePool extends pulumi.ComponentResource {
  constructor(name: string, args: Ec2NodePoolArgs, opts?: pulumi.ComponentResourceOptions) {
    const { pool, context, network } = args;
    super(
      "quorum:ec2:NodePool",
      name,
      {
        pool: pool.name,
        minNodes: pool.minNodes,
        podsPerNode: pool.podsPerNode,
        nodeCpus: pool.nodeCpus,
        nodeMemoryGiB: pool.nodeMemoryGiB,
      },
      opts,
    );
    for (const zone of pool.groups)
      new ZoneWorkers(
        `${name}-${zone.zone}`,
        {
          context,
          pool,
          zone,
          subnetId: network.zone(zone.zone).subnetIds.private,
          securityGroupId: args.securityGroupId,
        },
        { parent: this },
      );
    this.registerOutputs({});
  }
}

interface ZoneWorkersArgs {
  context: GroupContext;
  pool: Ec2PoolPlan;
  zone: Ec2PoolPlan["groups"][number];
  subnetId: pulumi.Input<string>;
  securityGroupId: pulumi.Input<string>;
}

/** A pool's machines in one zone, scaled by the autoscaler, drained before they go. */
class ZoneWorkers extends pulumi.ComponentResource {
  constructor(name: string, args: ZoneWorkersArgs, opts?: pulumi.ComponentResourceOptions) {
    const { context, pool, zone } = args;
    const { minNodes, desiredNodes, maxNodes, labels, taints } = zone;
    super(
      "quorum:ec2:ZoneWorkers",
      name,
      { pool: pool.name, zone: zone.zone, minNodes, desiredNodes, maxNodes, labels, taints },
      opts,
    );
    const { instanceTypes, capacity } = pool;
    new MachineGroup(
      name,
      {
        context,
        group: zone.group,
        network: { vpcSecurityGroupIds: [args.securityGroupId] },
        scaling: {
          vpcZoneIdentifiers: [args.subnetId],
          minSize: minNodes,
          desiredCapacity: desiredNodes,
          maxSize: maxNodes,
        },
        tags: zone.autoscalerTags,
        mixed: { instanceTypes, capacity },
        // From here on the number is the autoscaler's.
        ignoreChanges: ["desiredCapacity"],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
