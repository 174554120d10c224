import { PodIdentityAssociation } from "@pulumi/aws/eks/podIdentityAssociation.js";
import type { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import type { Cluster } from "@pulumi/eks/cluster.js";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import type { EksPlan } from "../../design/eks.ts";
import { IamRole } from "../aws/iamRole.ts";
import { ClusterAutoscaler } from "../charts/clusterAutoscaler.ts";
import { Guard } from "../guard/guard.ts";
import { TeamNamespace } from "../guard/teamNamespace.ts";
import { Portworx } from "../storage/portworx/portworx.ts";
import { RookCeph } from "../storage/rookCeph/rookCeph.ts";

export interface ClusterLayerArgs {
  plan: EksPlan;
  cluster: Cluster;
  autoscalerRole: IamRole;
  /** Nodes and add-ons; they outlive the layer on the way down. */
  after: pulumi.Resource[];
}

/** What runs on the cluster: guard, teams' namespaces, autoscaler, storage. */
export function clusterLayer(args: ClusterLayerArgs, aws: AwsProvider): void {
  const { plan, cluster, after } = args;
  const { name, layer } = plan;
  const provider = new KubernetesProvider(
    `${name}-kubernetes`,
    { kubeconfig: cluster.kubeconfigJson },
    { dependsOn: cluster },
  );
  const guard = new Guard(`${name}-guard`, layer.guard, { provider, dependsOn: cluster });
  for (const namespace of layer.namespaces)
    new TeamNamespace(
      `${name}-${namespace.name}`,
      { namespace, protect: plan.deletionProtection },
      { provider, dependsOn: guard },
    );
  const { serviceAccount, chart } = layer.autoscaler;
  const roleArn = args.autoscalerRole.role.arn;
  const clusterName = plan.names.cluster;
  const identity = new PodIdentityAssociation(
    `${name}-autoscaler`,
    { clusterName, namespace: chart.namespace, serviceAccount, roleArn },
    { provider: aws, dependsOn: cluster },
  );
  new ClusterAutoscaler(
    `${name}-cluster-autoscaler`,
    { plan: layer.autoscaler, after: [...after, ...args.autoscalerRole.ready, identity] },
    { provider },
  );
  storage(args, aws, provider);
}

function storage(
  { plan, cluster, after }: ClusterLayerArgs,
  aws: AwsProvider,
  provider: KubernetesProvider,
): void {
  const { name } = plan;
  const { rookCeph, portworx } = plan.layer.storage;
  if (rookCeph !== undefined)
    new RookCeph(`${name}-rook-ceph`, { plan: rookCeph, after }, { provider });
  if (portworx === undefined) return;
  const { namespace, role, serviceAccount } = portworx;
  const iamRole = new IamRole(`${name}-portworx`, { plan: role }, { provider: aws });
  const identity = new PodIdentityAssociation(
    `${name}-portworx-identity`,
    {
      clusterName: plan.names.cluster,
      namespace,
      serviceAccount,
      roleArn: iamRole.role.arn,
    },
    { provider: aws, dependsOn: cluster },
  );
  new Portworx(
    `${name}-portworx`,
    { plan: portworx, after: [...after, ...iamRole.ready, identity] },
    { provider },
  );
}
