import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import { FlowLog } from "@pulumi/aws/ec2/flowLog.js";
import * as pulumi from "@pulumi/pulumi";
import type { IamRole } from "./iamRole.ts";

export interface FlowLogsArgs {
  cluster: string;
  logGroup: string;
  retentionDays: number;
  keyArn: pulumi.Input<string>;
  vpcId: pulumi.Input<string>;
  role: IamRole;
  protect: boolean;
}

/** Every flow of the VPC, accepted or refused, in an encrypted log group. */
export class FlowLogs extends pulumi.ComponentResource {
  constructor(name: string, args: FlowLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("quorum:aws:FlowLogs", name, {}, opts);
    const group = new LogGroup(
      name,
      { name: args.logGroup, retentionInDays: args.retentionDays, kmsKeyId: args.keyArn },
      { parent: this, protect: args.protect },
    );
    new FlowLog(
      name,
      {
        vpcId: args.vpcId,
        trafficType: "ALL",
        logDestinationType: "cloud-watch-logs",
        logDestination: group.arn,
        iamRoleArn: args.role.role.arn,
        maxAggregationInterval: 60,
        tags: { Name: args.cluster },
      },
      { parent: this, dependsOn: args.role.ready },
    );
    this.registerOutputs({});
  }
}
