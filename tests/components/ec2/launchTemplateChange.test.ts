import assert from "node:assert/strict";
import { ec2Stack } from "../../../components/ec2/stack.ts";
import { ec2Config, type Raw } from "../../support/fixtures.ts";
import { type Recording, record } from "../../support/mocks.ts";

const update = (change?: (raw: Raw) => void): Promise<Recording> =>
  record(async () => ec2Stack(ec2Config(change)), { stack: "demo", preview: false });

describe("a change of what machines are started from", () => {
  let before: Recording;
  let after: Recording;
  const key = ({ type, name }: { type: string; name: string }) => `${type} ${name}`;
  beforeEach(async function () {
    this.timeout(120_000);
    before ??= await update();
    after ??= await update((raw) => {
      raw.controlPlane.volumeGiB = 77;
      raw.etcd.quotaGiB = 3;
    });
  });

  it("changes launch templates and machine files, and no other resource", () => {
    const old = new Map(before.registrations.map((one) => [key(one), one.inputs]));
    const changed = after.registrations.filter((one) => {
      const inputs = old.get(key(one));
      return inputs === undefined || JSON.stringify(inputs) !== JSON.stringify(one.inputs);
    });
    const types = new Set(changed.map(({ type }) => type));
    assert.deepEqual([...types].toSorted(), [
      "aws:ec2/launchTemplate:LaunchTemplate",
      "aws:s3/bucketObjectv2:BucketObjectv2",
    ]);
    // Control planes by their volume, etcd by its quota, three of each.
    const templates = changed.filter(({ type }) => type.endsWith(":LaunchTemplate"));
    assert.equal(templates.length, 6);
  });

  it("replaces no machine: groups note the new version and refresh nothing", () => {
    for (const { inputs, name } of after.ofType("aws:autoscaling/group:Group")) {
      assert.equal(inputs.instanceRefresh, undefined, name);
      assert.equal(inputs.maxInstanceLifetime, undefined, name);
      // A version that has a number: `quorum roll` compares machines with it.
      const template =
        inputs.launchTemplate ??
        inputs.mixedInstancesPolicy.launchTemplate.launchTemplateSpecification;
      assert.match(template.version, /^\d+$/, name);
    }
  });
});
