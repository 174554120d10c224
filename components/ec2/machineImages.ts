import { getAmiOutput } from "@pulumi/aws/ec2/getAmi.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../../config/aws.ts";
import type { MachineImageConfig } from "../../config/schema.ts";

/**
 * Images by architecture, looked up by owner, exact name and architecture: two of a name are an error,
 * and never is the newer one taken.
 */
export class MachineImages {
  /** Name of the root volume's device in the images that docs/machine-image.md describes. */
  readonly rootDevice = "/dev/xvda";
  private readonly config: MachineImageConfig;
  private readonly opts: pulumi.InvokeOutputOptions;
  private readonly ids = new Map<Architecture, pulumi.Output<string>>();

  constructor(config: MachineImageConfig, opts: pulumi.InvokeOutputOptions) {
    this.config = config;
    this.opts = opts;
  }

  idOf(architecture: Architecture): pulumi.Output<string> {
    const known = this.ids.get(architecture);
    if (known !== undefined) return known;
    const name = this.config.names[architecture];
    if (name === undefined)
      throw new Error(`no image for ${architecture} should have been refused`);
    const found = getAmiOutput(
      {
        owners: [this.config.ownerId],
        filters: [
          { name: "name", values: [name] },
          { name: "architecture", values: [architecture] },
          { name: "state", values: ["available"] },
        ],
      },
      this.opts,
    ).id;
    this.ids.set(architecture, found);
    return found;
  }
}
