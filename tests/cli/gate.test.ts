import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { enforce, type GateOptions, judgeDestroy, judgeUpdate } from "../../cli/gate.ts";
import {
  ec2Plan,
  eksPlan,
  hostsPlan,
  type Plan,
  previewOfChange,
} from "../support/plannedGraph.ts";
import { realPreview } from "../support/realPreview.ts";

const root = path.join(import.meta.dirname, "..", "..");

/** The rules, with their subjects, that refuse a change to a healthy plan. */
function refusals(
  make: () => Plan,
  change: (plan: Plan) => void,
  options: GateOptions & { replaced?: string[] } = {},
): string[] {
  const after = make();
  change(after);
  return judgeUpdate(previewOfChange(make(), after, options.replaced ?? []), options).refused;
}

/** What the pool of a healthy managed cluster must look like for the policy pack. */
const eks = (): Plan => {
  const plan = eksPlan();
  plan.named("prod-control-plane").inputs.endpointPublicAccess = false;
  plan.named("prod-control-plane").inputs.encryptionConfigKeyArn = "arn:aws:kms:x";
  return plan;
};

const ec2 = (): Plan => {
  const plan = ec2Plan();
  for (const zone of ["a", "b", "c"]) plan.named(`etcd-${zone}-data`).inputs.encrypted = true;
  return plan;
};

const address = (plan: Plan, machine: string): void => {
  plan.named(machine).inputs.address = "192.0.2.99";
};

describe("what up refuses before it changes anything", () => {
  it("lets healthy plans pass: new, unchanged, and with one member replaced", () => {
    for (const make of [hostsPlan, ec2, eks]) {
      assert.deepEqual(judgeUpdate(make().preview()).refused, []);
      assert.deepEqual(
        refusals(make, () => {}),
        [],
      );
    }
    assert.deepEqual(
      refusals(hostsPlan, (plan) => address(plan, "etcd-2")),
      [],
    );
  });

  it("replacing two quorum members in one update", () => {
    const [first, ...rest] = refusals(hostsPlan, (plan) => {
      address(plan, "etcd-1");
      address(plan, "etcd-2");
    });
    assert.match(first ?? "", /^members: .*etcd-1 and etcd-2: 2 of 3 etcd members at once/);
    assert.deepEqual(rest, []);
  });

  it("deleting a pool before its successor stands", () => {
    const [first, ...rest] = refusals(eks, (plan) => {
      plan.named("general").inputs.pool = "next";
    });
    assert.match(first ?? "", /^pool: .*deletes pool general .*only created by the same update/);
    assert.deepEqual(rest, []);
  });

  it("shrinking below what the proof needs, said once", () => {
    const found = refusals(hostsPlan, (plan) => plan.remove("balancer-2"));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", /^shrink: api-path holds today and would not/);
  });

  it("destroying what holds data", () => {
    const make = (): Plan => {
      const plan = eks();
      plan.add("aws:s3/bucket:Bucket", "snapshots", {});
      return plan;
    };
    const found = refusals(make, (plan) => plan.remove("snapshots"));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", /^data: .*deletes aws:s3\/bucket:Bucket snapshots/);
  });

  it("a first update whose plan refutes a required claim", () => {
    const plan = hostsPlan();
    plan.remove("balancer-2");
    const { refused } = judgeUpdate(plan.preview());
    assert.equal(refused.length, 1);
    assert.match(
      refused[0] ?? "",
      /^proof: api-path is refuted: losing machine balancer-1 .*Remedy/,
    );
  });

  it("a required claim that the plan leaves unknown", () => {
    const plan = eks();
    plan.named("general").inputs = { pool: "general", minNodes: 4 };
    const { refused } = judgeUpdate(plan.preview());
    assert.ok(
      refused.some((line) => /^proof: capacity is unknown, and unknown is not proven/.test(line)),
      refused.join("\n"),
    );
  });

  it("only what the stack requires, where it says so", () => {
    const plan = hostsPlan();
    plan.remove("balancer-2");
    const config = { "quorum:proof": JSON.stringify({ require: ["etcd-quorum"] }) };
    assert.deepEqual(judgeUpdate({ ...plan.preview(), config }).refused, []);
    const pairs = { "quorum:proof": JSON.stringify({ require: ["etcd-quorum:pair"] }) };
    const { refused } = judgeUpdate({ ...hostsPlan().preview(), config: pairs });
    assert.match(refused.join("\n"), /^proof: etcd-quorum is refuted/);
  });

  it("a mandatory policy, which no allowance lets pass; an advisory one is said", () => {
    const plan = eks();
    plan.named("prod-control-plane").inputs.endpointPublicAccess = true;
    const { refused, noted } = judgeUpdate(plan.preview(), {
      allow: ["members", "pool", "shrink", "data", "proof"],
    });
    assert.equal(refused.length, 1);
    assert.match(refused[0] ?? "", /^policy: \[mandatory\] no-public-endpoint: /);
    assert.match(noted.join("\n"), /policy: \[advisory\] protect-data: prod-control-plane/);
  });
});

describe("every stack of this repository", function () {
  this.timeout(300_000);
  // Those under version control: a lab of one's own leaves stack files beside them.
  const listed = spawnSync("git", ["ls-files", "Pulumi.*.yaml"], { cwd: root, encoding: "utf8" });
  const stacks = [...listed.stdout.matchAll(/^Pulumi\.(.+)\.yaml$/gm)].map(([, name = ""]) => name);

  it("may be brought up: nothing of its plan is refused", async () => {
    assert.ok(stacks.length >= 5, stacks.join());
    for (const stack of stacks) {
      const { refused } = judgeUpdate(await realPreview(stack));
      assert.deepEqual(refused, [], stack);
    }
  });
});

describe("what is allowed by name", () => {
  const withoutBalancer = (plan: Plan): void => plan.remove("balancer-2");

  it("passes and is said", () => {
    const after = hostsPlan();
    withoutBalancer(after);
    const preview = previewOfChange(hostsPlan(), after);
    const { refused, noted } = judgeUpdate(preview, { allow: ["shrink:api-path"] });
    assert.deepEqual(refused, []);
    assert.match(noted.join("\n"), /^allowed \(--allow shrink:api-path\): shrink: api-path/m);
    const fresh = judgeUpdate(after.preview(), { allow: ["proof:api-path"] });
    assert.deepEqual(fresh.refused, []);
    assert.match(fresh.noted.join("\n"), /^allowed \(--allow proof:api-path\): proof: api-path/m);
  });

  it("lets nothing else pass", () => {
    const found = refusals(hostsPlan, withoutBalancer, { allow: ["shrink:dns", "data", "proof"] });
    assert.equal(found.length, 1);
  });

  it("must be a rule that exists", () => {
    const preview = hostsPlan().preview();
    assert.throws(() => judgeUpdate(preview, { allow: ["everything"] }), /unknown rule/);
    assert.throws(() => judgeDestroy([], { allow: ["proof"] }), /unknown rule "proof"/);
  });
});

describe("a repair", () => {
  it("is never blocked, and hears everything", () => {
    const plan = hostsPlan();
    plan.remove("balancer-2");
    const { refused, noted } = judgeUpdate(plan.preview(), { lost: ["etcd-1"] });
    assert.deepEqual(refused, []);
    assert.match(noted.join("\n"), /etcd-quorum is refuted/);
    assert.match(noted.join("\n"), /api-path is refuted/);
  });

  it("may take out of the plan what is lost", () => {
    const after = hostsPlan();
    after.remove("balancer-2");
    const preview = previewOfChange(hostsPlan(), after);
    const { refused, noted } = judgeUpdate(preview, { lost: ["balancer-2"] });
    assert.deepEqual(refused, []);
    assert.match(noted.join("\n"), /api-path/);
  });

  it("must name what the plan or the cluster has", () => {
    assert.throws(() => judgeUpdate(hostsPlan().preview(), { lost: ["etcd-9"] }), /"etcd-9"/);
  });
});

describe("what destroy refuses", () => {
  const resources = [
    { urn: "urn:pulumi:s::p::aws:kms/key:Key::secrets", type: "aws:kms/key:Key" },
    {
      urn: "urn:pulumi:s::p::aws:s3/bucket:Bucket::kept",
      type: "aws:s3/bucket:Bucket",
      retainOnDelete: true,
    },
    { urn: "urn:pulumi:s::p::aws:ebs/volume:Volume::theirs", type: "aws:ebs/volume:Volume" },
    { urn: "urn:pulumi:s::p::command:local:Command::job", type: "command:local:Command" },
  ];
  const [key, kept, volume, job] = resources as [never, never, never, never];

  it("what holds data, unless it is retained, external or allowed", () => {
    const found = judgeDestroy([
      key,
      kept,
      { ...(volume as object), external: true } as never,
      job,
    ]);
    assert.equal(found.refused.length, 1);
    assert.match(found.refused[0] ?? "", /^data: .*deletes aws:kms\/key:Key secrets/);
    assert.deepEqual(judgeDestroy(resources, { allow: ["data"] }).refused, []);
    assert.equal(judgeDestroy(resources, { allow: ["data:secrets"] }).refused.length, 1);
    assert.deepEqual(judgeDestroy([kept, job]).refused, []);
  });

  it("throws every reason at once, after saying what passes", () => {
    const said: string[] = [];
    const judgement = judgeDestroy(resources, { allow: ["data:secrets"] });
    assert.throws(
      () => enforce(judgement, (line) => said.push(line)),
      /^Error: refused, nothing was changed:\n {2}data: .*theirs/,
    );
    assert.match(said.join("\n"), /^allowed \(--allow data:secrets\)/);
  });
});
