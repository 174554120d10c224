import assert from "node:assert/strict";
import { planRoles } from "../../design/iam.ts";
import { eksConfig } from "../support/fixtures.ts";

const roles = Object.values(planRoles(eksConfig()));
const statements = roles.flatMap(({ purpose, statements }) =>
  statements.map((statement) => ({ purpose, ...statement })),
);

describe("roles", () => {
  it("are these, taken on by one service each", () => {
    assert.deepEqual(
      roles.map(({ purpose, service }) => [purpose, service]),
      [
        ["control-plane", "eks.amazonaws.com"],
        ["node", "ec2.amazonaws.com"],
        ["flow-logs", "vpc-flow-logs.amazonaws.com"],
        ["network-plugin", "pods.eks.amazonaws.com"],
        ["volume-driver", "pods.eks.amazonaws.com"],
        ["autoscaler", "pods.eks.amazonaws.com"],
      ],
    );
  });

  it("name no action by a wildcard", () => {
    for (const { purpose, actions } of statements)
      for (const action of actions) assert.match(action, /^[a-z0-9]+:[A-Za-z]+$/, purpose);
  });

  it('allow "*" only for calls that read and know no resource, and say why', () => {
    for (const { purpose, actions, resources, anyResource } of statements) {
      assert.equal(resources.includes("*"), anyResource !== undefined, purpose);
      if (anyResource !== undefined)
        for (const action of actions) assert.match(action, /:(Describe|Get)/, purpose);
    }
  });

  it("reach into no other account or region", () => {
    for (const { resources } of statements)
      for (const resource of resources)
        if (resource !== "*")
          assert.match(resource, /^arn:aws:[a-z0-9]+:us-west-2:(123456789012)?:/);
  });

  it("let the volume driver and the autoscaler change only what is theirs", () => {
    const changing = statements.filter(
      ({ purpose, actions }) =>
        ["volume-driver", "autoscaler"].includes(purpose) &&
        actions.some((action) => /:(Delete|Modify|Terminate|Set)/.test(action)),
    );
    assert.equal(changing.length, 3);
    for (const { conditions } of changing)
      assert.match(JSON.stringify(conditions), /aws:ResourceTag/);
  });

  it("give nodes what they need and nothing that pods should have", () => {
    const node = roles.find(({ purpose }) => purpose === "node");
    assert.deepEqual(node?.statements, []);
    assert.deepEqual(
      node?.managedPolicies.map((arn) => arn.split("/").at(-1)),
      [
        "AmazonEKSWorkerNodePolicy",
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonSSMManagedInstanceCore",
      ],
    );
  });
});
