import { Provider as AwsProvider } from "@pulumi/aws/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import { Provider as RandomProvider } from "@pulumi/random/provider.js";
import { Provider as TlsProvider } from "@pulumi/tls/provider.js";
import type { Ec2Config } from "../../config/schema.ts";
import { parameterPaths } from "../../design/ec2/names.ts";
import { type Ec2Plan, planEc2 } from "../../design/ec2/plan.ts";
import { type JoinFacts, joinFacts } from "../../design/joinFacts.ts";
import { readTemplates } from "../../templates/read.ts";
import { Ec2Cluster } from "./cluster.ts";
import { ec2ClusterLayer } from "./clusterLayer.ts";

/** What a stack of platform "ec2" tells others; nothing of it opens anything. */
export interface Ec2Outputs {
  platform: "ec2";
  clusterName: string;
  region: string;
  vpcId: pulumi.Output<string>;
  /** URL of the API inside the VPC and behind what is connected to it. */
  endpoint: string;
  /** PEM. */
  certificateAuthority: pulumi.Output<string>;
  etcdEndpoints: string[];
  /** What workers elsewhere join by. */
  join: JoinOutputs;
  zones: string[];
  /** Members by zone: what is lost with it. */
  failureDomains: Record<string, string[]>;
}

export interface JoinOutputs extends JoinFacts {
  /** SSM parameter with the token of the hour; its value is no output. */
  tokenParameter: string;
}

/** Register a self-managed cluster on EC2 and everything that it stands on. */
export function ec2Stack(config: Ec2Config): Ec2Outputs {
  const templates = readTemplates();
  const plan = planEc2(config, templates);
  const { names, kubernetes } = plan;
  const opts = { providers: providers(plan) };
  const cluster = new Ec2Cluster(plan.name, { plan, templates }, opts);
  ec2ClusterLayer(plan, cluster, templates, opts);
  return {
    platform: "ec2",
    clusterName: plan.name,
    region: plan.region,
    vpcId: cluster.vpcId,
    endpoint: `https://${names.apiName}:${kubernetes.apiPort}`,
    certificateAuthority: cluster.certificateAuthority,
    etcdEndpoints: plan.etcd.clientUrls,
    join: {
      ...joinFacts(kubernetes),
      tokenParameter: `${names.parameters}/${parameterPaths.joinToken}`,
    },
    zones: config.zones,
    failureDomains: plan.failureDomains,
  };
}

/** Every resource names its provider by its parent; defaults are off. */
function providers(plan: Ec2Plan): [AwsProvider, TlsProvider, RandomProvider] {
  return [
    new AwsProvider(`${plan.name}-aws`, {
      region: plan.region as NonNullable<ConstructorParameters<typeof AwsProvider>[1]>["region"],
      allowedAccountIds: [plan.accountId],
      defaultTags: { tags: plan.tags },
    }),
    new TlsProvider(`${plan.name}-tls`, {}),
    new RandomProvider(`${plan.name}-random`, {}),
  ];
}
