import type { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import type { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import type { ClusterLayerPlan } from "../../design/clusterLayer.ts";
import type { RolePlan } from "../../design/iam.ts";
import type { Network } from "../aws/network.ts";
import { ClusterAutoscaler } from "../charts/clusterAutoscaler.ts";
import { MetricsServer } from "../charts/metricsServer.ts";
import { workloadRules } from "../guard/workloadRules.ts";
import { Ingress } from "../ingress/ingress.ts";
import { EbsStorage } from "../storage/ebs/ebs.ts";
import { Portworx } from "../storage/portworx/portworx.ts";
import { RookCeph } from "../storage/rookCeph/rookCeph.ts";
import { SnapshotController } from "../storage/snapshots.ts";
import { goesWith } from "./goesWith.ts";

/** Gives pods of a service account a role; what it returns must be there before they start. */
export type PodIdentity = (
  role: RolePlan,
  pods: { namespace: string; serviceAccount: string },
) => pulumi.Resource[];

export interface ClusterLayerArgs {
  name: string;
  layer: ClusterLayerPlan;
  /** Refuse to delete namespaces of teams. */
  protect: boolean;
  /** What the layer's objects are gone with. */
  cluster: pulumi.Resource;
  provider: KubernetesProvider;
  aws: AwsProvider;
  /** Nodes and what they run; they outlive the layer on the way down. */
  after: pulumi.Resource[];
  /** What the autoscaler needs besides. */
  autoscalerAfter?: pulumi.Resource[];
  /** EKS only: elsewhere pods act by their machine's role. */
  podIdentity?: PodIdentity;
  network: Network;
  /** Group of the interfaces that ingress leads to. */
  targetSecurityGroupId: pulumi.Input<string>;
}

/** What runs on the cluster: guard, teams' namespaces, autoscaler, storage, ingress. */
export function clusterLayer(args: ClusterLayerArgs): void {
  const { name, layer, protect, cluster, provider, after } = args;
  const opts = { provider, transformations: [goesWith(cluster)] };
  workloadRules({ name, plan: layer, protect, cluster, provider });
  new ClusterAutoscaler(
    `${name}-cluster-autoscaler`,
    { plan: layer.autoscaler, after: [...after, ...(args.autoscalerAfter ?? [])] },
    opts,
  );
  if (layer.metricsServer !== undefined)
    new MetricsServer(`${name}-metrics-server`, { plan: layer.metricsServer, after }, opts);
  const snapshots = new SnapshotController(
    `${name}-snapshot-controller`,
    { plan: layer.snapshotController, after },
    opts,
  );
  storage({ ...args, after: [...after, snapshots] }, opts);
  ingress(args);
}

type LayerOptions = Pick<pulumi.ComponentResourceOptions, "transformations"> & {
  provider: KubernetesProvider;
};

/** Ceph and Portworx do hold something outside: they are deleted in order, or not at all. */
function storage(args: ClusterLayerArgs, opts: LayerOptions): void {
  const { name, after, provider, podIdentity } = args;
  const { ebs, rookCeph, portworx } = args.layer.storage;
  const disks =
    ebs === undefined ? [] : [new EbsStorage(`${name}-ebs`, { plan: ebs, after }, opts)];
  if (rookCeph !== undefined)
    new RookCeph(
      `${name}-rook-ceph`,
      { plan: rookCeph, after: [...after, ...disks] },
      { provider },
    );
  if (portworx === undefined) return;
  const identity =
    portworx.role === undefined ? [] : (podIdentity?.(portworx.role, portworx) ?? []);
  new Portworx(
    `${name}-portworx`,
    { plan: portworx, after: [...after, ...identity] },
    { provider },
  );
}

function ingress(args: ClusterLayerArgs): void {
  const { name, layer, after, podIdentity } = args;
  const plan = layer.ingress;
  if (plan === undefined) return;
  const { namespace } = plan.controller;
  const identity =
    plan.role === undefined
      ? []
      : (podIdentity?.(plan.role, { namespace, serviceAccount: plan.serviceAccount }) ?? []);
  new Ingress(
    `${name}-ingress`,
    {
      plan,
      cluster: args.cluster,
      network: args.network,
      targetSecurityGroupId: args.targetSecurityGroupId,
      after: [...after, ...identity],
    },
    { providers: [args.aws, args.provider] },
  );
}
