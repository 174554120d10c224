import assert from "node:assert/strict";
import { graphOf } from "../../proof/graph.ts";
import { checkTransition, UnknownRuleError } from "../../proof/transition.ts";
import {
  ec2Plan,
  eksPlan,
  hostsPlan,
  type Plan,
  previewOfChange,
} from "../support/plannedGraph.ts";

function findings(
  make: () => Plan,
  change: (plan: Plan) => void,
  options: { replaced?: string[]; allow?: string[] } = {},
): string[] {
  const before = make();
  const after = make();
  change(after);
  const graph = graphOf(previewOfChange(before, after, options.replaced ?? []));
  return checkTransition(graph, { allow: options.allow ?? [] }).map(
    ({ rule, sentence, allowedBy }) =>
      allowedBy === undefined ? `${rule}: ${sentence}` : `${rule} allowed by ${allowedBy}`,
  );
}

const address = (plan: Plan, machine: string): void => {
  plan.named(machine).inputs.address = "192.0.2.99";
};

describe("checkTransition", () => {
  it("has nothing to say of a first update", () => {
    assert.deepEqual(checkTransition(graphOf(hostsPlan().preview())), []);
  });

  it("lets one etcd member be replaced", () => {
    assert.deepEqual(
      findings(hostsPlan, (plan) => address(plan, "etcd-1")),
      [],
    );
  });

  it("refuses to replace two etcd members in one update", () => {
    const found = findings(hostsPlan, (plan) => {
      address(plan, "etcd-1");
      address(plan, "etcd-3");
    });
    assert.deepEqual(found, [
      "members: this update replaces or removes etcd-1 and etcd-3: 2 of 3 etcd members at once",
    ]);
  });

  it("refuses to replace the volumes of two etcd members in one update", () => {
    const found = findings(ec2Plan, () => {}, { replaced: ["etcd-a-data", "etcd-c-data"] });
    assert.deepEqual(found, [
      "members: this update replaces or removes etcd-a and etcd-c: 2 of 3 etcd members at once",
      "data: this update replaces aws:ebs/volume:Volume etcd-a-data and with it the data on it",
      "data: this update replaces aws:ebs/volume:Volume etcd-c-data and with it the data on it",
    ]);
  });

  it("lets commands on all etcd members run again", () => {
    const names = ["etcd-1-ready", "etcd-2-ready", "etcd-3-ready"];
    assert.deepEqual(
      findings(hostsPlan, () => {}, { replaced: names }),
      [],
    );
  });

  it("refuses to shrink below what the proof needs", () => {
    const found = findings(hostsPlan, (plan) => plan.remove("balancer-2"));
    assert.deepEqual(found, [
      "shrink: api-path holds today and would not after this update: losing machine balancer-1 takes balancer-1: no load balancer left for the API",
    ]);
  });

  it("refuses to delete a pool whose successor comes with the same update", () => {
    const found = findings(
      () => eksPlan(),
      (plan) => {
        plan.named("general").inputs.pool = "next";
      },
    );
    assert.deepEqual(found, [
      "pool: this update deletes pool general with all its machines; its successor next is only created by the same update",
    ]);
  });

  it("refuses to delete or replace what holds data, unless allowed by name", () => {
    const make = (): Plan => {
      const plan = eksPlan();
      plan.add("aws:s3/bucket:Bucket", "snapshots", {});
      plan.add("aws:kms/key:Key", "secrets", {});
      return plan;
    };
    const change = (plan: Plan): void => plan.remove("snapshots");
    assert.deepEqual(findings(make, change, { replaced: ["secrets"] }), [
      "data: this update replaces aws:kms/key:Key secrets and with it everything encrypted with it",
      "data: this update deletes aws:s3/bucket:Bucket snapshots and with it the objects in it",
    ]);
    assert.deepEqual(findings(make, change, { allow: ["data:snapshots"] }), [
      "data allowed by data:snapshots",
    ]);
  });

  it("refuses to drop a root of trust, and lets a machine go with a key that only it had", () => {
    const make = (): Plan => {
      const plan = hostsPlan();
      plan.add("tls:index/privateKey:PrivateKey", "root", {});
      const key = plan.add("tls:index/privateKey:PrivateKey", "worker-host", {});
      const asked = { dependencies: [key] };
      plan.add("tls:index/certRequest:CertRequest", "worker-host-request", {}, asked);
      return plan;
    };
    const all = ["root", "worker-host", "worker-host-request"];
    assert.deepEqual(
      findings(make, (plan) => all.forEach((name) => void plan.remove(name))),
      [
        "data: this update deletes tls:index/privateKey:PrivateKey root and with it the trust in all certificates below it",
      ],
    );
  });

  it("judges a destroy by the data that it takes, not by what is proven afterwards", () => {
    const plan = eksPlan();
    const steps = plan.preview("same").steps.map(({ urn, newState }) => {
      return { op: "delete", urn, oldState: newState };
    });
    const found = checkTransition(graphOf({ steps }));
    assert.deepEqual(
      found.map(({ rule, subject }) => `${rule}:${subject}`),
      ["data:prod-control-plane"],
    );
  });

  it("rejects an allowance for a rule that does not exist", () => {
    assert.throws(
      () => checkTransition(graphOf(hostsPlan().preview()), { allow: ["everything"] }),
      UnknownRuleError,
    );
  });
});
