import { Instance } from "@pulumi/aws/ec2/instance.js";
import { Provider } from "@pulumi/aws/provider.js";
import * as pulumi from "@pulumi/pulumi";

/** As many resources as asked, ten to a component, each with an input from the one before it. */
const count = Number(process.env.GROWTH_COUNT ?? new pulumi.Config().require("count"));
const provider = new Provider("main", { region: "eu-central-1" });

class Group extends pulumi.ComponentResource {
  constructor(name: string) {
    super("growth:index:Group", name);
    let previous: Instance | undefined;
    for (let index = 0; index < 9; index++) {
      previous = new Instance(
        `${name}-${index}`,
        {
          ami: "ami-0123456789abcdef0",
          instanceType: "m7g.large",
          ...(previous && { subnetId: previous.subnetId }),
          tags: { Name: `${name}-${index}`, Group: name },
        },
        { parent: this, provider },
      );
    }
    this.registerOutputs({});
  }
}

for (let index = 0; index < count / 10; index++) new Group(`group-${index}`);
