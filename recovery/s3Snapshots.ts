import { Buffer } from "node:buffer";
import { HeadObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { text } from "../design/render/template.ts";
import type { Snapshot } from "./snapshotSource.ts";

/** Where control planes put snapshots, and the only place that members may read them from. */
export const snapshotPrefix = "snapshots/";

/** Keys of the snapshots in a bucket, newest first: their names begin with the time. */
export async function storedSnapshots(client: S3Client, bucket: string): Promise<string[]> {
  const keys: string[] = [];
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: snapshotPrefix });
  for await (const { Contents = [] } of pages)
    keys.push(...Contents.flatMap(({ Key }) => (Key?.endsWith(".db") ? [Key] : [])));
  return keys.toSorted().toReversed();
}

/**
 * The snapshot that `--from` means on EC2: "latest", or s3://BUCKET/KEY in the cluster's own bucket.
 * The members fetch it themselves; it never comes here.
 * @throws Error when there is none, or when it is not where members may read.
 */
export async function storedSnapshot(
  client: S3Client,
  bucket: string,
  from: string,
): Promise<Snapshot> {
  const key = from === "latest" ? await newest(client, bucket) : keyOf(from, bucket);
  const { ChecksumSHA256 } = await client
    .send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: "ENABLED" }))
    .catch((error: Error) => {
      throw new Error(
        `s3://${bucket}/${key}: ${error.name === "NotFound" ? "there is no such object" : error.message}`,
      );
    });
  const sha256 = Buffer.from(ChecksumSHA256 ?? "", "base64").toString("hex");
  // A checksum of checksums, after an upload in parts, ends in "-2".
  if (sha256.length !== 64 || ChecksumSHA256?.includes("-"))
    throw new Error(
      `s3://${bucket}/${key} has no SHA-256 of its whole content: put it there with aws s3api put-object --checksum-algorithm SHA256`,
    );
  return {
    origin: `s3://${bucket}/${key}`,
    sha256,
    discard: () => {},
    async deliver(member, templates) {
      const env = { BUCKET: bucket, KEY: key, SHA256: sha256 };
      await member.run(text(templates, "restore/fetchSnapshot.sh"), { env });
    },
  };
}

async function newest(client: S3Client, bucket: string): Promise<string> {
  const [key] = await storedSnapshots(client, bucket);
  if (key === undefined) throw new Error(`s3://${bucket}/${snapshotPrefix} holds no snapshot`);
  return key;
}

function keyOf(from: string, bucket: string): string {
  const [, given, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(from) ?? [];
  if (given === bucket && key?.startsWith(snapshotPrefix)) return key;
  throw new Error(
    `--from ${from}: members read from s3://${bucket}/${snapshotPrefix} only. Give "latest" or an object there; copy another one to it first.`,
  );
}
