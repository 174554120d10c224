import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { InvocationDoesNotExist, type SSMClient } from "@aws-sdk/client-ssm";
import { planEc2 } from "../../design/ec2/plan.ts";
import { ec2Targets } from "../../recovery/ec2Targets.ts";
import { restore } from "../../recovery/restore.ts";
import { storedSnapshot, storedSnapshots } from "../../recovery/s3Snapshots.ts";
import { overSsm } from "../../recovery/ssmMachine.ts";
import { readTemplates } from "../../templates/read.ts";
import { ec2Config } from "../support/fixtures.ts";
import { needs } from "../support/tools.ts";

const templates = readTemplates();
const plan = planEc2(ec2Config(), templates);
const bucket = plan.names.snapshotBucket;
const digest = createHash("sha256").update("a snapshot").digest();

/** A bucket with these keys, two for each page; every object has this checksum. */
function s3(keys: string[], checksum: string | null = digest.toString("base64")): S3Client {
  // biome-ignore lint/suspicious/noExplicitAny: each command has an input of its own.
  const send = async (command: any) => {
    const { input } = command;
    if (command.constructor.name === "HeadObjectCommand") {
      if (!keys.includes(input.Key)) throw Object.assign(new Error(""), { name: "NotFound" });
      return checksum === null ? {} : { ChecksumSHA256: checksum };
    }
    const from = Number(input.ContinuationToken ?? 0);
    const more = from + 2 < keys.length;
    return {
      Contents: keys.slice(from, from + 2).map((Key) => ({ Key })),
      IsTruncated: more,
      ...(more ? { NextContinuationToken: `${from + 2}` } : {}),
    };
  };
  // The paginator insists on a client of its own class.
  return Object.assign(Object.create(S3Client.prototype), { send });
}

describe("snapshots in S3", () => {
  const keys = [
    "snapshots/etcd-20261124T100000Z-rev9.db",
    "snapshots/etcd-20261124T110000Z-rev5.db",
    "snapshots/etcd-20261124T103000Z-rev7.db",
    "snapshots/notes.txt",
  ];

  it("are listed over all pages, newest first", async () =>
    assert.deepEqual(await storedSnapshots(s3(keys), bucket), [keys[1], keys[2], keys[0]]));

  it("are taken by their checksum, without a copy on this computer", async () => {
    const { origin, sha256 } = await storedSnapshot(s3(keys), bucket, "latest");
    assert.equal(origin, `s3://${bucket}/${keys[1]}`);
    assert.equal(sha256, digest.toString("hex"));
    const named = await storedSnapshot(s3(keys), bucket, `s3://${bucket}/${keys[0]}`);
    assert.equal(named.origin, `s3://${bucket}/${keys[0]}`);
  });

  const refusals: [string, S3Client, string, RegExp][] = [
    [
      "another bucket",
      s3(keys),
      `s3://other/${keys[0]}`,
      /members read from s3:\/\/demo-etcd-\S+ only/,
    ],
    ["a key elsewhere in it", s3(keys), `s3://${bucket}/other.db`, /only/],
    ["a file", s3(keys), "/tmp/snapshot.db", /copy another one to it first/],
    ["an empty bucket", s3([]), "latest", /holds no snapshot/],
    ["an object that is not there", s3([]), `s3://${bucket}/${keys[0]}`, /there is no such object/],
    ["one without a checksum", s3(keys, null), "latest", /has no SHA-256 of its whole content/],
    [
      "one uploaded in parts",
      s3(keys, `${digest.toString("base64")}-2`),
      "latest",
      /has no SHA-256/,
    ],
  ];
  for (const [what, client, from, expected] of refusals)
    it(`are refused from ${what}`, () =>
      assert.rejects(storedSnapshot(client, bucket, from), expected));
});

interface Sent {
  instance: string;
  script: string;
  command: string;
}

/** Systems Manager that notes what each machine is sent; `answers` by script. */
function ssm(answers: Record<string, string | Error> = {}): { client: SSMClient; sent: Sent[] } {
  const sent: Sent[] = [];
  const asked = new Set<string>();
  const scripts = [...templates].filter(([path]) => path.startsWith("restore/"));
  // biome-ignore lint/suspicious/noExplicitAny: each command has an input of its own.
  const send = async (request: any) => {
    const { input } = request;
    if (request.constructor.name === "SendCommandCommand") {
      const [command] = input.Parameters.commands;
      const plain = command.replaceAll(`'\\''`, "'");
      const [path = "?"] = scripts.find(([, text]) => plain.includes(text)) ?? [];
      sent.push({ instance: input.InstanceIds[0], script: path.slice(8, -3), command });
      return { Command: { CommandId: `${sent.length - 1}` } };
    }
    if (!asked.has(input.CommandId)) {
      asked.add(input.CommandId);
      throw new InvocationDoesNotExist({ message: "", $metadata: {} });
    }
    const answer = answers[sent[Number(input.CommandId)]?.script ?? ""] ?? "";
    return answer instanceof Error
      ? {
          Status: "Failed",
          StandardErrorContent: `noise\n${answer.message}\nfailed to run commands: exit status 1\n`,
        }
      : { Status: "Success", StandardOutputContent: `${answer}\n` };
  };
  return { client: { send } as unknown as SSMClient, sent };
}

const groups = [
  ...plan.etcd.members.map(({ group }) => group),
  ...plan.controlPlanes.map(({ group }) => group),
  ...plan.pools.flatMap((pool) => pool.groups.map(({ group }) => group)),
].map(({ name, role }, index) => ({
  name,
  role,
  machines: [
    { id: `i-0${index}`, lifecycle: "InService" },
    { id: `i-f${index}`, lifecycle: "Terminating" },
  ],
}));

describe("restore on EC2", () => {
  it("does over Systems Manager what it does over SSH, on the machines in service", async () => {
    const { client, sent } = ssm({
      inspectSnapshot: "812",
      settleCluster: "900",
      verify: "9 of 9",
    });
    const targets = ec2Targets(plan, groups, client, { pollSeconds: 0 });
    const key = "snapshots/etcd-20261124T100000Z-rev9.db";
    const result = await restore({
      targets,
      templates,
      snapshot: await storedSnapshot(s3([key]), bucket, "latest"),
      now: new Date("2026-11-24T12:00:00Z"),
      confirm: async () => true,
      say() {},
    });
    assert.deepEqual(result, {
      restored: true,
      revisions: { snapshot: "812", now: "900" },
      nodes: "9 of 9",
    });
    const order = [...new Set(sent.map(({ script }) => script))];
    assert.deepEqual(order, [
      "look",
      "fetchSnapshot",
      "inspectSnapshot",
      "stopControlPlane",
      "stopMember",
      "restoreMember",
      "startMember",
      "settleCluster",
      "startControlPlane",
      "restartKubelet",
      "verify",
      "finishMember",
    ]);
    const fetches = sent.filter(({ script }) => script === "fetchSnapshot");
    assert.deepEqual(fetches.map(({ instance }) => instance).toSorted(), ["i-00", "i-01", "i-02"]);
    for (const { command } of fetches) {
      assert.ok(command.includes(`'KEY=${key}'`));
      assert.ok(command.includes(`'SHA256=${digest.toString("hex")}'`));
    }
    assert.ok(sent.every(({ instance }) => !instance.startsWith("i-f")));
  });

  it("does not begin while a member has no machine", () => {
    const [first, ...rest] = groups;
    assert.throws(
      () =>
        ec2Targets(plan, [{ ...first, machines: [] } as (typeof groups)[0], ...rest], ssm().client),
      /no machine is in service in demo-etcd-eu-west-1a/,
    );
  });

  it("says what a machine said, and sends nothing by standard input", async () => {
    const { client } = ssm({ look: new Error("the disk is gone") });
    const args = { name: "demo/i-0", instanceId: "i-0", address: "", pollSeconds: 0 };
    const machine = overSsm(client, args);
    const look = templates.get("restore/look.sh") ?? "";
    await assert.rejects(machine.run(look), /^Error: demo\/i-0: the disk is gone$/);
    await assert.rejects(machine.run(look, { stdin: Readable.from([]) }), /needs SSH/);
  });
});

describe("the boot's client", () => {
  let server: Server;
  let folder: string;
  const content = Buffer.alloc(3 * 2 ** 20 + 17, "snapshot");
  before(async function () {
    needs(this, "python3");
    folder = mkdtempSync(join(tmpdir(), "quorum-fetch-"));
    const keys = { AccessKeyId: "a", SecretAccessKey: "b", Token: "c" };
    server = createServer(({ url = "" }, response) => {
      if (url === "/latest/meta-data/placement/region") response.end("eu-west-1");
      else if (url === "/bucket/snapshots/one.db") response.end(content);
      else if (url.endsWith("/security-credentials/")) response.end("role");
      else if (url.endsWith("/security-credentials/role")) response.end(JSON.stringify(keys));
      else if (url === "/latest/api/token") response.end("token");
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(() => {
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const fetched = async (key: string, sha256: string, file: string) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const program = join(import.meta.dirname, "../../templates/ec2/quorum-cloud.py");
    const child = spawn("python3", [program, "fetch", "bucket", key, sha256, file], {
      env: {
        PATH: process.env.PATH,
        AWS_ENDPOINT_URL: url,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { status, said };
  };

  it("fetches an object whole, and takes none whose content is another", async () => {
    const sha256 = createHash("sha256").update(content).digest("hex");
    const file = join(folder, "snapshot.db");
    const wrong = await fetched("snapshots/one.db", "0".repeat(64), file);
    assert.equal(wrong.status, 1);
    assert.match(wrong.said, /is not what was asked for/);
    assert.ok(!existsSync(file));
    assert.deepEqual(await fetched("snapshots/one.db", sha256, file), { status: 0, said: "" });
    assert.ok(readFileSync(file).equals(content));
    assert.match((await fetched("snapshots/none.db", sha256, file)).said, /status 404/);
    assert.ok(readFileSync(file).equals(content), "what was there stays");
  }).timeout(60_000);
});
