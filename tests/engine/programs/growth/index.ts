import { RouteTable } from "@pulumi/aws/ec2/routeTable.js";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation.js";
import { Subnet } from "@pulumi/aws/ec2/subnet.js";
import { Vpc } from "@pulumi/aws/ec2/vpc.js";
import { Provider } from "@pulumi/aws/provider.js";
import * as pulumi from "@pulumi/pulumi";

/** As many resources as asked: networks of ten, each resource with an input from another. */
const count = Number(process.env.GROWTH_COUNT ?? new pulumi.Config().require("count"));
const provider = new Provider("main", { region: "eu-central-1" });

class Network extends pulumi.ComponentResource {
  constructor(name: string) {
    super("growth:index:Network", name);
    const options = { parent: this, provider };
    const vpc = new Vpc(name, { cidrBlock: "10.0.0.0/16", tags: { Name: name } }, options);
    const routes = new RouteTable(name, { vpcId: vpc.id, tags: { Name: name } }, options);
    for (const zone of ["a", "b", "c"]) {
      const tags = { Name: `${name}-${zone}`, Zone: zone };
      const subnet = new Subnet(
        `${name}-${zone}`,
        { vpcId: vpc.id, cidrBlock: "10.0.0.0/24", availabilityZone: `eu-central-1${zone}`, tags },
        options,
      );
      new RouteTableAssociation(
        `${name}-${zone}`,
        { routeTableId: routes.id, subnetId: subnet.id },
        options,
      );
    }
    new Vpc(`${name}-spare`, { cidrBlock: "10.1.0.0/16", tags: { Name: name } }, options);
    this.registerOutputs({});
  }
}

for (let index = 0; index < count / 10; index++) new Network(`network-${index}`);
