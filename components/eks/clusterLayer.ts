import { PodIdentityAssociation } from "@pulumi/aws/eks/podIdentityAssociation.js";
import type { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import type { Cluster } from "@pulumi/eks/cluster.js";
import type { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import type { EksPlan } from "../../design/eks.ts";
import { IamRole } from "../aws/iamRole.ts";
import type { Network } from "../aws/network.ts";
import { clusterLayer, type PodIdentity } from "../layer/clusterLayer.ts";

export interface EksClusterLayerArgs {
  plan: EksPlan;
  cluster: Cluster;
  provider: KubernetesProvider;
  network: Network;
  autoscalerRole: IamRole;
  /** Nodes and add-ons; they outlive the layer on the way down. */
  after: pulumi.Resource[];
}

/** What runs on a managed cluster. Its pods act for AWS by roles of their own. */
export function eksClusterLayer(args: EksClusterLayerArgs, aws: AwsProvider): void {
  const { plan, cluster } = args;
  const { name, layer } = plan;
  const { serviceAccount, chart } = layer.autoscaler;
  const clusterName = plan.names.cluster;
  const autoscaler = new PodIdentityAssociation(
    `${name}-autoscaler`,
    {
      clusterName,
      namespace: chart.namespace,
      serviceAccount,
      roleArn: args.autoscalerRole.role.arn,
    },
    { provider: aws, dependsOn: cluster },
  );
  const podIdentity: PodIdentity = (role, { namespace, serviceAccount: account }) => {
    const iamRole = new IamRole(`${name}-${role.purpose}`, { plan: role }, { provider: aws });
    const identity = new PodIdentityAssociation(
      `${name}-${role.purpose}-identity`,
      { clusterName, namespace, serviceAccount: account, roleArn: iamRole.role.arn },
      { provider: aws, dependsOn: cluster },
    );
    return [...iamRole.ready, identity];
  };
  clusterLayer({
    name,
    layer,
    protect: plan.deletionProtection,
    cluster,
    provider: args.provider,
    aws,
    after: args.after,
    autoscalerAfter: [...args.autoscalerRole.ready, autoscaler],
    podIdentity,
    network: args.network,
    targetSecurityGroupId: cluster.eksCluster.vpcConfig.clusterSecurityGroupId,
  });
}
