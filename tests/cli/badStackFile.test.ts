import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

const tenMistakes = `config:
  pulumi:disable-default-providers: ["*"]
  quorum:platform: eks
  quorum:name: Demo
  quorum:regoin: us-west-2
  quorum:region: us-west-2
  quorum:accountId: "123456789012"
  quorum:zones: [us-west-2a, us-west-2b, us-west-2a]
  quorum:kubernetes: { version: "1.20" }
  quorum:network: { cidr: 10.20.0.1/16 }
  quorum:api: { publicCidrs: [0.0.0.0/0] }
  quorum:admins:
    ops: { principalArn: "arn:aws:iam::123456789012:role/ops" }
  quorum:pools:
    general:
      instanceTypes: [m7g.xlarge]
      architecture: x86_64
      minNodes: 4
      nodesPerZone: { min: 2, desired: 9, max: 6 }
  quorum:storage: [{ backend: ebs, replicas: 3 }]
  quorum:logRetentionDays: 91
`;

describe("quorum preview of a bad stack file", () => {
  let project: string;
  before(() => {
    project = mkdtempSync(join(tmpdir(), "quorum-bad-"));
    for (const file of ["Pulumi.yaml", "package.json"])
      cpSync(join(root, file), join(project, file));
    for (const file of ["index.ts", "node_modules"])
      symlinkSync(join(root, file), join(project, file));
    writeFileSync(join(project, "Pulumi.bad.yaml"), tenMistakes);
  });
  after(() => rmSync(project, { recursive: true }));

  it("prints ten findings for ten mistakes, no stack trace, and exits non-zero", () => {
    const { status, stdout, stderr } = spawnSync(
      join(root, "bin/quorum"),
      ["preview", "--stack", "bad", "--engine", "embedded", "-C", project],
      { encoding: "utf8" },
    );
    const printed = stdout + stderr;
    assert.notEqual(status, 0, printed);
    assert.match(printed, /Pulumi\.bad\.yaml has 10 problems:/);
    assert.equal(printed.match(/^\s*quorum:[\w.[\]]+ = /gm)?.length, 10, printed);
    assert.doesNotMatch(printed, /^\s+at .*\.ts:\d+/m);
  });
});
