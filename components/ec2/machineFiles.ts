import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketObjectv2 } from "@pulumi/aws/s3/bucketObjectv2.js";
import * as pulumi from "@pulumi/pulumi";
import type { Ec2Role } from "../../design/ec2/names.ts";
import { closeBucket } from "./closedBucket.ts";

/** Machine files in S3, each under the digest that user data pin. None holds a secret. */
export class MachineFiles extends pulumi.ComponentResource {
  private readonly bucket: Bucket;
  private readonly cluster: string;
  private readonly added = new Set<string>();

  constructor(
    name: string,
    { cluster, bucketName }: { cluster: string; bucketName: string },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("quorum:ec2:MachineFiles", name, {}, opts);
    this.cluster = cluster;
    // Everything in it can be rendered again.
    this.bucket = new Bucket(name, { bucket: bucketName, forceDestroy: true }, { parent: this });
    closeBucket(name, this.bucket, bucketName, { parent: this });
    this.registerOutputs({});
  }

  /** Once, however many groups use the same files. */
  add(role: Ec2Role, digest: string, text: string): void {
    const key = `${role}/${digest}`;
    if (this.added.has(key)) return;
    this.added.add(key);
    new BucketObjectv2(
      `${this.cluster}-files-${role}-${digest.slice(0, 12)}`,
      { bucket: this.bucket.bucket, key, content: text, contentType: "text/plain" },
      // A machine that starts from the template's last version, this very moment, still needs the old ones.
      { parent: this, retainOnDelete: true },
    );
  }
}
