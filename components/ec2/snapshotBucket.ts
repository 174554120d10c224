import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import { BucketObjectLockConfiguration } from "@pulumi/aws/s3/bucketObjectLockConfiguration.js";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning.js";
import * as pulumi from "@pulumi/pulumi";
import { closeBucket } from "./closedBucket.ts";

export interface SnapshotBucketArgs {
  bucketName: string;
  retentionDays: number;
  keyArn: pulumi.Input<string>;
  protect: boolean;
}

/**
 * etcd's snapshots. Nobody can delete one before its time without a right of its own (governance mode),
 * and the bucket stays when the stack is destroyed: that is when it is needed.
 */
export class SnapshotBucket extends pulumi.ComponentResource {
  constructor(name: string, args: SnapshotBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("quorum:ec2:SnapshotBucket", name, { retentionDays: args.retentionDays }, opts);
    const kept = { parent: this, retainOnDelete: true };
    const bucket = new Bucket(
      name,
      { bucket: args.bucketName, objectLockEnabled: true },
      { ...kept, protect: args.protect },
    );
    const id = bucket.bucket;
    const versioning = new BucketVersioning(
      name,
      { bucket: id, versioningConfiguration: { status: "Enabled" } },
      kept,
    );
    const afterVersioning = { ...kept, dependsOn: versioning };
    new BucketObjectLockConfiguration(
      name,
      {
        bucket: id,
        rule: { defaultRetention: { mode: "GOVERNANCE", days: args.retentionDays } },
      },
      afterVersioning,
    );
    new BucketServerSideEncryptionConfiguration(
      name,
      {
        bucket: id,
        rules: [
          {
            applyServerSideEncryptionByDefault: {
              sseAlgorithm: "aws:kms",
              kmsMasterKeyId: args.keyArn,
            },
            bucketKeyEnabled: true,
          },
        ],
      },
      kept,
    );
    new BucketLifecycleConfiguration(
      name,
      {
        bucket: id,
        rules: [
          {
            id: "old-snapshots",
            status: "Enabled",
            filter: { prefix: "snapshots/" },
            expiration: { days: args.retentionDays + 1 },
            noncurrentVersionExpiration: { noncurrentDays: args.retentionDays + 1 },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ],
      },
      afterVersioning,
    );
    closeBucket(name, bucket, args.bucketName, kept);
    this.registerOutputs({});
  }
}
