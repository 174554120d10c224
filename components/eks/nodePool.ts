import { Buffer } from "node:buffer";
import { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate.js";
import * as pulumi from "@pulumi/pulumi";
import type { EksPlan } from "../../design/eks.ts";
import type { PoolPlan } from "../../design/pools.ts";
import type { Network } from "../aws/network.ts";
import { ZoneNodes } from "./zoneNodes.ts";

export interface NodePoolArgs {
  plan: EksPlan;
  pool: PoolPlan;
  network: Network;
  nodeRoleArn: pulumi.Input<string>;
  /** What nodes need to become ready; it outlives them on the way down. */
  after: pulumi.Resource[];
}

/**
 * Worker pool: one node group per zone on a common launch template. Keeps `minNodes` when any one
 * zone is lost.
 */
export class NodePool extends pulumi.ComponentResource {
  constructor(name: string, args: NodePoolArgs, opts?: pulumi.ComponentResourceOptions) {
    const { pool, plan, network } = args;
    super(
      "quorum:eks:NodePool",
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
    const template = this.launchTemplate(name, args);
    for (const group of pool.groups)
      new ZoneNodes(
        `${name}-${group.zone}`,
        {
          plan: group,
          pool,
          clusterName: plan.names.cluster,
          version: plan.controlPlane.version,
          subnetId: network.zone(group.zone).subnetIds.private,
          nodeRoleArn: args.nodeRoleArn,
          template,
          after: [network.zone(group.zone), ...args.after],
        },
        { parent: this },
      );
    this.registerOutputs({});
  }

  private launchTemplate(name: string, { plan, pool }: NodePoolArgs): LaunchTemplate {
    // Default tags reach neither instances nor volumes that a template starts.
    const tags = { ...plan.tags, Name: name };
    return new LaunchTemplate(
      name,
      {
        updateDefaultVersion: true,
        metadataOptions: {
          httpEndpoint: "enabled",
          httpTokens: "required",
          // Pods are one hop further away and must not take on the node's role.
          httpPutResponseHopLimit: 1,
        },
        blockDeviceMappings: [
          {
            deviceName: "/dev/xvda",
            ebs: {
              volumeType: "gp3",
              volumeSize: pool.volumeGiB,
              encrypted: "true",
              deleteOnTermination: "true",
            },
          },
        ],
        tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
        userData: Buffer.from(pool.userData).toString("base64"),
      },
      { parent: this },
    );
  }
}
