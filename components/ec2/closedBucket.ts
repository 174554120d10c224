import type { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketOwnershipControls } from "@pulumi/aws/s3/bucketOwnershipControls.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import type * as pulumi from "@pulumi/pulumi";

/** No public access, no access lists, no plain HTTP. */
export function closeBucket(
  name: string,
  bucket: Bucket,
  bucketName: string,
  opts: pulumi.CustomResourceOptions,
): void {
  const id = bucket.bucket;
  new BucketPublicAccessBlock(
    name,
    {
      bucket: id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    opts,
  );
  new BucketOwnershipControls(
    name,
    { bucket: id, rule: { objectOwnership: "BucketOwnerEnforced" } },
    opts,
  );
  const arn = `arn:aws:s3:::${bucketName}`;
  new BucketPolicy(
    name,
    {
      bucket: id,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "EncryptedTransportOnly",
            Effect: "Deny",
            Principal: "*",
            Action: "s3:*",
            Resource: [arn, `${arn}/*`],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ],
      }),
    },
    opts,
  );
}
