import { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import { Provider as EksProvider } from "@pulumi/eks/provider.js";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import type { EksPlan } from "../../design/eks.ts";
import type { EksRole } from "../../design/iam.ts";
import { readTemplates } from "../../templates/read.ts";
import { EncryptionKey } from "../aws/encryption.ts";
import { FlowLogs } from "../aws/flowLogs.ts";
import { IamRole } from "../aws/iamRole.ts";
import { Network } from "../aws/network.ts";
import { SnapshotDefinitions } from "../storage/snapshots.ts";
import { Addons } from "./addons.ts";
import { eksClusterLayer } from "./clusterLayer.ts";
import { ControlPlane } from "./controlPlane.ts";
import { NodePool } from "./nodePool.ts";

/** What a stack of platform "eks" tells others. */
export interface EksOutputs {
  platform: "eks";
  clusterName: string;
  region: string;
  vpcId: pulumi.Output<string>;
  /**
   * Opens the cluster with the AWS identity of whoever uses it: it holds no key and calls
   * `aws eks get-token`. A secret all the same, as on other platforms.
   */
  kubeconfig: pulumi.Output<string>;
  /** Members by zone: what is lost with it. */
  failureDomains: Record<string, string[]>;
}

/** Register a managed cluster and everything that it stands on. */
export function eksStack(plan: EksPlan): EksOutputs {
  const opts = { providers: providers(plan) };
  const protect = plan.deletionProtection;
  const secretsKey = new EncryptionKey(
    `${plan.name}-secrets`,
    { plan: plan.keys.secrets, protect },
    opts,
  );
  const logsKey = new EncryptionKey(`${plan.name}-logs`, { plan: plan.keys.logs, protect }, opts);
  const roles = mapRoles(plan, opts);
  const network = new Network(
    `${plan.name}-network`,
    { plan: plan.network, firewall: plan.firewall, cluster: plan.name },
    opts,
  );
  new FlowLogs(
    `${plan.name}-flow-logs`,
    {
      cluster: plan.name,
      logGroup: plan.names.flowLogGroup,
      retentionDays: plan.logRetentionDays,
      keyArn: logsKey.arn,
      vpcId: network.vpcId,
      role: roles["flow-logs"],
      protect,
    },
    opts,
  );
  const controlPlane = new ControlPlane(
    `${plan.name}-control-plane`,
    {
      plan,
      network,
      role: roles["control-plane"],
      secretsKeyArn: secretsKey.arn,
      logsKeyArn: logsKey.arn,
    },
    opts,
  );
  nodesAndAddons(plan, network, roles, controlPlane, opts);
  return {
    platform: "eks",
    clusterName: plan.names.cluster,
    region: plan.region,
    vpcId: network.vpcId,
    kubeconfig: pulumi.secret(controlPlane.cluster.kubeconfigJson),
    failureDomains: plan.failureDomains,
  };
}

interface Providers {
  providers: [AwsProvider, EksProvider];
}

type Roles = Record<EksRole, IamRole>;

/** First what nodes need to become ready, then nodes, then what needs nodes to run on. */
function nodesAndAddons(
  plan: EksPlan,
  network: Network,
  roles: Roles,
  controlPlane: ControlPlane,
  opts: Providers,
): void {
  const clusterName = plan.names.cluster;
  const addons = (stage: string, beforeNodes: boolean, after: pulumi.Resource[]) =>
    new Addons(
      `${plan.name}-addons-${stage}`,
      {
        addons: plan.addons.filter((addon) => addon.beforeNodes === beforeNodes),
        clusterName,
        roles,
        after,
      },
      opts,
    );
  const first = addons("before-nodes", true, [controlPlane.cluster]);
  const pools = plan.pools.map(
    (pool) =>
      new NodePool(
        `${plan.name}-${pool.name}`,
        {
          plan,
          pool,
          network,
          nodeRoleArn: roles.node.role.arn,
          after: [...first.ready, ...roles.node.ready],
        },
        opts,
      ),
  );
  const { cluster } = controlPlane;
  const provider = new KubernetesProvider(
    `${plan.name}-kubernetes`,
    { kubeconfig: cluster.kubeconfigJson },
    { dependsOn: cluster },
  );
  // Before the volume driver, whose part for snapshots asks for the kinds as it starts.
  const definitions = new SnapshotDefinitions(
    `${plan.name}-snapshot-definitions`,
    { templates: readTemplates() },
    { provider },
  );
  const last = addons("on-nodes", false, [...pools, definitions]);
  eksClusterLayer(
    {
      plan,
      cluster,
      provider,
      network,
      autoscalerRole: roles.autoscaler,
      after: [...last.ready, definitions],
    },
    opts.providers[0],
  );
}

/** Every resource names its provider by its parent; defaults are off. */
function providers(plan: EksPlan): [AwsProvider, EksProvider] {
  return [
    new AwsProvider(`${plan.name}-aws`, {
      region: plan.region as NonNullable<ConstructorParameters<typeof AwsProvider>[1]>["region"],
      allowedAccountIds: [plan.accountId],
      defaultTags: { tags: plan.tags },
    }),
    new EksProvider(`${plan.name}-eks`, {}),
  ];
}

function mapRoles(plan: EksPlan, opts: Providers): Roles {
  return Object.fromEntries(
    Object.values(plan.roles).map((role) => [
      role.purpose,
      new IamRole(`${plan.name}-${role.purpose}`, { plan: role }, opts),
    ]),
  ) as Roles;
}
