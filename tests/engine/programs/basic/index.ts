import * as aws from "@pulumi/aws";
import * as eks from "@pulumi/eks";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const provider = new aws.Provider("main", { region: "eu-central-1" });

class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("basic:index:Network", name, {}, opts);
    const vpc = new aws.ec2.Vpc(
      name,
      { cidrBlock: "10.0.0.0/16", tags: { Greeting: config.require("greeting") } },
      { parent: this, provider, protect: true },
    );
    for (const zone of ["a", "b"]) {
      new aws.ec2.Subnet(
        `${name}-${zone}`,
        { vpcId: vpc.id, cidrBlock: `10.0.${zone === "a" ? 0 : 1}.0/24` },
        { parent: this, provider },
      );
    }
    this.vpcId = vpc.id;
    this.registerOutputs({ vpcId: this.vpcId });
  }
}

const network = new Network("network");
const cluster = new eks.Cluster(
  "cluster",
  { vpcId: network.vpcId },
  { providers: { aws: provider } },
);
new aws.ssm.Parameter(
  "token",
  { type: "SecureString", value: pulumi.secret("very-secret-value") },
  { provider, dependsOn: [cluster] },
);

export const vpcId = network.vpcId;
export const endpoint = cluster.eksCluster.endpoint;
export const hidden = pulumi.secret("shh-this-is-hidden");
