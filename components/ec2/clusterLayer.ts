import type { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Ec2Plan } from "../../design/ec2/plan.ts";
import type { Templates } from "../../design/render/template.ts";
import { clusterLayer } from "../layer/clusterLayer.ts";
import { SnapshotDefinitions } from "../storage/snapshots.ts";
import type { Ec2Cluster } from "./cluster.ts";
import { ClusterAccess } from "./clusterAccess.ts";

/** What runs on a cluster on EC2, once its API answers. Its pods act for AWS by the machines' roles. */
export function ec2ClusterLayer(
  plan: Ec2Plan,
  cluster: Ec2Cluster,
  templates: Templates,
  opts: { providers: [AwsProvider, ...pulumi.ProviderResource[]] },
): void {
  const { name } = plan;
  const { provider } = new ClusterAccess(
    `${name}-access`,
    { cluster: name, plan: plan.access, templates, authority: cluster.authority, after: cluster },
    opts,
  );
  const definitions = new SnapshotDefinitions(
    `${name}-snapshot-definitions`,
    { templates },
    { provider },
  );
  clusterLayer({
    name,
    layer: plan.layer,
    protect: plan.deletionProtection,
    cluster,
    provider,
    aws: opts.providers[0],
    after: [cluster, definitions],
    network: cluster.network,
    targetSecurityGroupId: cluster.workerSecurityGroupId,
  });
}
