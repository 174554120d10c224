import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { S3Client } from "@aws-sdk/client-s3";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Ec2Config } from "../config/schema.ts";
import { planEc2 } from "../design/ec2/plan.ts";
import { ec2Targets } from "../recovery/ec2Targets.ts";
import { storedSnapshot, storedSnapshots } from "../recovery/s3Snapshots.ts";
import { describeGroups, plannedGroups } from "../rolling/awsGroups.ts";
import { readTemplates } from "../templates/read.ts";
import { type RestoreCommand, runRestore } from "./restoreCommand.ts";

/** `quorum restore` on EC2: snapshots from S3, commands by Systems Manager. */
export async function restoreEc2(options: RestoreCommand, config: Ec2Config): Promise<void> {
  const templates = readTemplates();
  const plan = planEc2(config, templates);
  const { region } = config;
  const bucket = plan.names.snapshotBucket;
  const s3 = new S3Client({ region });
  if (options.list) {
    for (const key of await storedSnapshots(s3, bucket)) console.log(`s3://${bucket}/${key}`);
    return;
  }
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("cancelled; the same command carries on")));
  const snapshot = await storedSnapshot(s3, bucket, options.from ?? "latest");
  const groups = await describeGroups(
    new AutoScalingClient({ region }),
    plannedGroups(plan),
    plan.accountId,
  );
  const ssm = new SSMClient({ region });
  const targets = ec2Targets(plan, groups, ssm, { signal: stop.signal });
  await runRestore(options, targets, snapshot, templates);
}
