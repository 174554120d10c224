import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import { AccessEntry } from "@pulumi/aws/eks/accessEntry.js";
import { AccessPolicyAssociation } from "@pulumi/aws/eks/accessPolicyAssociation.js";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule.js";
import { Cluster } from "@pulumi/eks/cluster.js";
import * as pulumi from "@pulumi/pulumi";
import type { EksPlan } from "../../design/eks.ts";
import type { IamRole } from "../aws/iamRole.ts";
import type { Network } from "../aws/network.ts";

export interface ControlPlaneArgs {
  plan: EksPlan;
  network: Network;
  role: IamRole;
  secretsKeyArn: pulumi.Input<string>;
  logsKeyArn: pulumi.Input<string>;
}

const logTypes = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/**
 * Control plane managed by AWS over three zones, its logs, and who may administer it. Private unless
 * the plan names public ranges; zonal shift on; nobody has access by having created it.
 * Charged by the hour.
 */
export class ControlPlane extends pulumi.ComponentResource {
  readonly cluster: Cluster;

  constructor(name: string, args: ControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    const { plan, network } = args;
    const zones = plan.network.anchorZones;
    super("quorum:eks:ControlPlane", name, { zones, managed: true, zonalShift: true }, opts);
    const logs = new LogGroup(
      `${plan.name}-control-plane`,
      {
        name: plan.names.controlPlaneLogGroup,
        retentionInDays: plan.logRetentionDays,
        kmsKeyId: args.logsKeyArn,
      },
      { parent: this, protect: plan.deletionProtection },
    );
    const { version, serviceCidr, publicCidrs } = plan.controlPlane;
    this.cluster = new Cluster(
      plan.name,
      {
        name: plan.names.cluster,
        version,
        upgradePolicy: { supportType: "STANDARD" },
        vpcId: network.vpcId,
        subnetIds: zones.map((zone) => network.zone(zone).subnetIds.isolated),
        kubernetesServiceIpAddressRange: serviceCidr,
        endpointPrivateAccess: true,
        endpointPublicAccess: publicCidrs.length > 0,
        ...(publicCidrs.length > 0 ? { publicAccessCidrs: publicCidrs } : {}),
        authenticationMode: "API",
        serviceRole: args.role.role,
        createInstanceRole: false,
        createOidcProvider: false,
        skipDefaultNodeGroup: true,
        skipDefaultSecurityGroups: true,
        // True means: leave it to us. Add-ons are resources of their own, each input visible.
        useDefaultVpcCni: true,
        bootstrapSelfManagedAddons: false,
        kubeProxyAddonOptions: { enabled: false },
        corednsAddonOptions: { enabled: false },
        encryptionConfigKeyArn: args.secretsKeyArn,
        enabledClusterLogTypes: logTypes,
        deletionProtection: plan.deletionProtection,
        tags: plan.tags,
      },
      {
        parent: this,
        protect: plan.deletionProtection,
        // EKS would make the group itself, without an end and without our key.
        dependsOn: [logs, ...args.role.ready],
        transforms: [clusterDetails],
      },
    );
    this.firewall(plan);
    this.access(plan);
    this.registerOutputs({ name: plan.names.cluster });
  }

  private firewall({ name, firewall }: EksPlan): void {
    for (const flow of firewall.filter(({ to }) => to === "control-plane"))
      new SecurityGroupIngressRule(
        `${name}-api-from-${flow.from}`,
        {
          securityGroupId: this.cluster.eksCluster.vpcConfig.clusterSecurityGroupId,
          description: flow.reason,
          ipProtocol: flow.protocol,
          fromPort: flow.ports.from,
          toPort: flow.ports.to,
          cidrIpv4: flow.from,
        },
        { parent: this },
      );
  }

  private access(plan: EksPlan): void {
    for (const [admin, { principalArn, policyArn }] of Object.entries(plan.controlPlane.access)) {
      const name = `${plan.name}-${admin}`;
      const clusterName = plan.names.cluster;
      const entry = new AccessEntry(
        name,
        { clusterName, principalArn },
        { parent: this, dependsOn: this.cluster },
      );
      new AccessPolicyAssociation(
        name,
        { clusterName, principalArn, policyArn, accessScope: { type: "cluster" } },
        { parent: this, dependsOn: entry },
      );
    }
  }
}

/**
 * What the component has no argument for: let AWS move traffic out of a failing zone, and give the
 * creator no access of its own (its entry would collide with one that the stack names).
 */
const clusterDetails: pulumi.ResourceTransform = ({ type, props, opts }) =>
  type === "aws:eks/cluster:Cluster"
    ? {
        props: {
          ...props,
          zonalShiftConfig: { enabled: true },
          accessConfig: {
            ...props.accessConfig,
            bootstrapClusterCreatorAdminPermissions: false,
          },
        },
        opts,
      }
    : undefined;
