import { Volume } from "@pulumi/aws/ebs/volume.js";
import { NetworkInterface } from "@pulumi/aws/ec2/networkInterface.js";
import { Record as DnsRecord } from "@pulumi/aws/route53/record.js";
import { Parameter } from "@pulumi/aws/ssm/parameter.js";
import * as pulumi from "@pulumi/pulumi";
import { parameterPaths, tagKeys } from "../../design/ec2/names.ts";
import type { Ec2Plan } from "../../design/ec2/plan.ts";
import { type GroupContext, MachineGroup } from "./machineGroup.ts";

export interface EtcdMemberArgs {
  context: GroupContext;
  member: Ec2Plan["etcd"]["members"][number];
  subnetId: pulumi.Input<string>;
  /** Keeps the member's address from being given to others. */
  reservation: pulumi.Resource;
  securityGroupId: pulumi.Input<string>;
  zoneId: pulumi.Input<string>;
  keyArn: pulumi.Input<string>;
}

/**
 * One etcd member: address, name and data stay, its machine is replaced by its group of one. The
 * address is that of the primary interface, because etcd compares a peer's source address with its
 * certificate.
 */
export class EtcdMember extends pulumi.ComponentResource {
  constructor(name: string, args: EtcdMemberArgs, opts?: pulumi.ComponentResourceOptions) {
    const { member, context } = args;
    super("quorum:ec2:EtcdMember", name, { member: member.name, zone: member.zone }, opts);
    const tags = {
      [tagKeys.cluster]: context.plan.name,
      [tagKeys.role]: "etcd",
      Name: `${context.plan.name}-${member.name}`,
    };
    const networkInterface = this.address(name, args, tags);
    const volume = this.volume(name, args, tags);
    new MachineGroup(
      name,
      {
        context,
        group: member.group,
        network: {
          networkInterfaces: [
            {
              deviceIndex: 0,
              networkInterfaceId: networkInterface.id,
              deleteOnTermination: "false",
            },
          ],
        },
        scaling: {
          // A fixed interface decides the subnet, so the group is given zones instead.
          availabilityZones: [member.zone],
          minSize: 1,
          maxSize: 1,
          desiredCapacity: 1,
          // The interface must be let go before the next machine can take it.
          instanceMaintenancePolicy: { minHealthyPercentage: 0, maxHealthyPercentage: 100 },
        },
      },
      { parent: this, dependsOn: volume },
    );
    this.registerOutputs({});
  }

  /** The interface that keeps it, and its name. */
  private address(
    name: string,
    { context, member, subnetId, reservation, securityGroupId, zoneId }: EtcdMemberArgs,
    tags: Record<string, string>,
  ): NetworkInterface {
    const protect = context.plan.deletionProtection;
    const networkInterface = new NetworkInterface(
      name,
      {
        subnetId,
        privateIps: [member.address],
        securityGroups: [securityGroupId],
        description: `Address of ${member.name}`,
        tags,
      },
      { parent: this, protect, dependsOn: reservation },
    );
    new DnsRecord(
      name,
      { zoneId, name: member.dnsName, type: "A", ttl: 60, records: [member.address] },
      { parent: this, protect },
    );
    return networkInterface;
  }

  /** Its id lies in SSM: user data stay plain values, and a new volume needs no new template. */
  private volume(
    name: string,
    { context, member, keyArn }: EtcdMemberArgs,
    tags: Record<string, string>,
  ): Volume {
    const { plan } = context;
    const { sizeGiB, iops, throughputMiBps } = member.volume;
    const volume = new Volume(
      name,
      {
        availabilityZone: member.zone,
        type: "gp3",
        size: sizeGiB,
        iops,
        throughput: throughputMiBps,
        encrypted: true,
        kmsKeyId: keyArn,
        tags,
      },
      { parent: this, protect: plan.deletionProtection },
    );
    new Parameter(
      name,
      {
        name: `${plan.names.parameters}/${parameterPaths.volume(member.name)}`,
        type: "String",
        value: volume.id,
      },
      { parent: this },
    );
    return volume;
  }
}
