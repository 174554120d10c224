import { SubnetCidrReservation } from "@pulumi/aws/ec2/subnetCidrReservation.js";
import { Zone } from "@pulumi/aws/route53/zone.js";
import * as pulumi from "@pulumi/pulumi";
import type { Ec2Plan } from "../../design/ec2/plan.ts";
import type { Templates } from "../../design/render/template.ts";
import { EncryptionKey } from "../aws/encryption.ts";
import { FlowLogs } from "../aws/flowLogs.ts";
import { IamRole } from "../aws/iamRole.ts";
import { Network } from "../aws/network.ts";
import { ClusterPki } from "../pki.ts";
import { ApiLoadBalancer } from "./apiLoadBalancer.ts";
import { ControlPlane } from "./controlPlane.ts";
import { EtcdMember } from "./etcdMember.ts";
import { MachineFiles } from "./machineFiles.ts";
import type { GroupContext } from "./machineGroup.ts";
import { MachineImages } from "./machineImages.ts";
import { MachineRole } from "./machineRole.ts";
import { Ec2NodePool } from "./nodePool.ts";
import { Secrets } from "./secrets.ts";
import { SecurityGroups } from "./securityGroups.ts";
import { SnapshotBucket } from "./snapshotBucket.ts";

export interface Ec2ClusterArgs {
  plan: Ec2Plan;
  templates: Templates;
}

/**
 * A self-managed cluster on EC2 over three zones or more. Survives the loss of any one zone or machine,
 * and replaces machines by itself; does not survive two etcd volumes.
 */
export class Ec2Cluster extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly network: Network;
  /** Group of the workers' interfaces. */
  readonly workerSecurityGroupId: pulumi.Output<string>;
  /** PEM of the Kubernetes CA. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** The same with its key, secret: signs who may administer the cluster. */
  readonly authority: { certificate: pulumi.Output<string>; key: pulumi.Output<string> };

  constructor(name: string, args: Ec2ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    const { plan, templates } = args;
    const zones = plan.network.zones.map(({ zone }) => zone);
    // Machines boot, join and are replaced without anything from outside, as their image has it all. But
    // what runs on the cluster comes from registries, so a pod that moves may need the way out.
    const facts = {
      name: plan.name,
      region: plan.region,
      zones,
      dns: plan.dns,
      needsEgress: true,
    };
    super("quorum:ec2:Cluster", name, facts, opts);
    const child = { parent: this };
    const keys = this.keys(plan);
    const network = new Network(
      `${name}-network`,
      { plan: plan.network, firewall: [], cluster: name },
      child,
    );
    this.flowLogs(plan, network, keys.logs);
    const groups = new SecurityGroups(
      `${name}-security-groups`,
      {
        flows: plan.firewall,
        cluster: name,
        vpcId: network.vpcId,
        endpoints: network.endpoints,
      },
      child,
    );
    const pki = this.keptData(plan, keys);
    const zone = new Zone(
      `${name}-domain`,
      {
        name: plan.names.domain,
        comment: `Names of ${name}`,
        vpcs: [{ vpcId: network.vpcId }],
      },
      child,
    );
    this.machines({
      plan,
      network,
      groups,
      zoneId: zone.zoneId,
      keyArn: keys.secrets.arn,
      context: this.context(plan, templates),
    });
    this.vpcId = network.vpcId;
    this.network = network;
    this.workerSecurityGroupId = groups.ids.worker;
    this.authority = {
      certificate: pki.roots["kubernetes-ca.crt"],
      key: pki.roots["kubernetes-ca.key"],
    };
    this.certificateAuthority = pulumi.unsecret(pki.roots["kubernetes-ca.crt"]);
    this.registerOutputs({ vpcId: this.vpcId });
  }

  /** What outlives machines, apart from etcd's volumes: roots of trust, secrets, snapshots. */
  private keptData(plan: Ec2Plan, keys: ReturnType<Ec2Cluster["keys"]>): ClusterPki {
    const { name, names, deletionProtection: protect } = plan;
    const child = { parent: this };
    const pki = new ClusterPki(name, { clusterName: name, protect }, child);
    new Secrets(
      `${name}-secrets`,
      { cluster: name, names, roots: pki.roots, keyArn: keys.secrets.arn },
      child,
    );
    new SnapshotBucket(
      `${name}-snapshots`,
      {
        bucketName: names.snapshotBucket,
        retentionDays: plan.snapshots.retentionDays,
        keyArn: keys.snapshots.arn,
        protect,
      },
      child,
    );
    return pki;
  }

  private keys({ name, keys, deletionProtection: protect }: Ec2Plan) {
    const key = (plan: (typeof keys)[keyof typeof keys], retain = false) =>
      new EncryptionKey(`${name}-${plan.purpose}`, { plan, protect, retain }, { parent: this });
    return {
      secrets: key(keys.secrets),
      // What it encrypts stays when the stack goes.
      snapshots: key(keys.snapshots, true),
      logs: key(keys.logs),
    };
  }

  private flowLogs(plan: Ec2Plan, network: Network, key: EncryptionKey): void {
    const child = { parent: this };
    new FlowLogs(
      `${plan.name}-flow-logs`,
      {
        cluster: plan.name,
        logGroup: plan.names.flowLogGroup,
        retentionDays: plan.logRetentionDays,
        keyArn: key.arn,
        vpcId: network.vpcId,
        role: new IamRole(`${plan.name}-flow-logs`, { plan: plan.roles["flow-logs"] }, child),
        protect: plan.deletionProtection,
      },
      child,
    );
  }

  private context(plan: Ec2Plan, templates: Templates): GroupContext {
    const child = { parent: this };
    const role = (purpose: "etcd" | "control-plane" | "worker") =>
      new MachineRole(`${plan.name}-${purpose}`, { plan: plan.roles[purpose] }, child);
    return {
      plan,
      templates,
      images: new MachineImages(plan.machineImage, child),
      files: new MachineFiles(
        `${plan.name}-files`,
        { cluster: plan.name, bucketName: plan.names.bootBucket },
        child,
      ),
      roles: { etcd: role("etcd"), "control-plane": role("control-plane"), worker: role("worker") },
    };
  }

  private machines(parts: MachineParts): void {
    const { plan, network, groups, zoneId, context } = parts;
    const child = { parent: this };
    const { name } = plan;
    this.etcd(parts);
    const api = new ApiLoadBalancer(
      `${name}-api`,
      {
        cluster: name,
        apiName: plan.names.apiName,
        port: plan.kubernetes.apiPort,
        zones: plan.network.anchorZones,
        backends: plan.controlPlanes.map(({ group }) => group.name),
        vpcId: network.vpcId,
        subnetIds: plan.network.anchorZones.map((zone) => network.zone(zone).subnetIds.private),
        securityGroupId: groups.ids.api,
        zoneId,
        protect: plan.deletionProtection,
      },
      child,
    );
    for (const member of plan.controlPlanes)
      new ControlPlane(
        member.group.name,
        {
          context,
          member,
          subnetId: network.zone(member.zone).subnetIds.private,
          securityGroupId: groups.ids["control-plane"],
          targetGroupArn: api.targetGroupArn,
        },
        child,
      );
    for (const pool of plan.pools)
      new Ec2NodePool(
        `${name}-${pool.name}`,
        { context, pool, network, securityGroupId: groups.ids.worker },
        child,
      );
  }

  private etcd({ plan, network, groups, zoneId, keyArn, context }: MachineParts): void {
    const child = { parent: this };
    const reservations = new Map(
      plan.etcd.reservedBlocks.map(({ zone, cidr }) => [
        zone,
        new SubnetCidrReservation(
          `${plan.name}-etcd-${zone}`,
          {
            subnetId: network.zone(zone).subnetIds.isolated,
            cidrBlock: cidr,
            reservationType: "explicit",
            description: "etcd members: addresses that outlive machines",
          },
          child,
        ),
      ]),
    );
    for (const member of plan.etcd.members)
      new EtcdMember(
        member.group.name,
        {
          context,
          member,
          subnetId: network.zone(member.zone).subnetIds.isolated,
          reservation: reservations.get(member.zone) ?? network,
          securityGroupId: groups.ids.etcd,
          zoneId,
          keyArn,
        },
        child,
      );
  }
}

interface MachineParts {
  plan: Ec2Plan;
  network: Network;
  groups: SecurityGroups;
  zoneId: pulumi.Input<string>;
  keyArn: pulumi.Input<string>;
  context: GroupContext;
}
