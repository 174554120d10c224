import assert from "node:assert/strict";
import { GraphError, graphBefore, graphOf, secret, sources, unknown } from "../../proof/graph.ts";
import { Plan, unknownText } from "../support/plannedGraph.ts";

const urn = "urn:pulumi:test::quorum::aws:kms/key:Key::key";

function step(op: string, more: object = {}): object {
  return { op, urn, ...more };
}

describe("graphOf", () => {
  it("keeps the place of unknown and secret values, in the markers of either engine", () => {
    const signature = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    const inputs = {
      plain: 1,
      later: unknownText,
      hidden: { ...signature, ciphertext: "v1:abc" },
      masked: "[secret]",
      deep: [{ later: unknownText }],
    };
    const graph = graphOf({ steps: [step("create", { newState: { inputs } })] });
    assert.deepEqual(graph.nodes.get(urn)?.inputs, {
      plain: 1,
      later: unknown,
      hidden: secret,
      masked: secret,
      deep: [{ later: unknown }],
    });
  });

  it("reads the type from the URN when the state leaves it out", () => {
    const graph = graphOf({ steps: [step("create", { newState: {} })] });
    assert.equal(graph.nodes.get(urn)?.type, "aws:kms/key:Key");
  });

  it("takes the three steps of a replacement as one change", () => {
    const [oldState, newState] = [{ inputs: { a: 1 } }, { inputs: { a: 2 } }];
    const graph = graphOf({
      steps: [
        step("create-replacement", { oldState, newState, replaceReasons: ["a"] }),
        step("replace", { oldState, newState, replaceReasons: ["a"] }),
        step("delete-replaced", { oldState }),
      ],
    });
    const [change] = graph.changes;
    assert.equal(graph.changes.length, 1);
    assert.equal(change?.operation, "replace");
    assert.deepEqual(change?.replaceKeys, ["a"]);
    assert.deepEqual(change?.before?.inputs, { a: 1 });
    assert.deepEqual(graph.nodes.get(urn)?.inputs, { a: 2 });
  });

  it("keeps what is deleted out of the planned graph, and in the graph of what stands", () => {
    const graph = graphOf({ steps: [step("delete", { oldState: { inputs: {} } })] });
    assert.equal(graph.nodes.size, 0);
    assert.equal(graphBefore(graph).nodes.size, 1);
  });

  it("finds the source of a property behind a component", () => {
    const plan = new Plan();
    const network = plan.add("quorum:aws:ZoneNetwork", "zone-a");
    const subnet = plan.add("aws:ec2/subnet:Subnet", "private-a", {}, { parent: network });
    plan.add("aws:eks/nodeGroup:NodeGroup", "nodes", {}, { from: { subnetIds: [network] } });
    const graph = graphOf(plan.preview());
    const [group] = graph.ofType("aws:eks/nodeGroup:NodeGroup");
    assert.ok(group);
    const found = sources(graph, group, "subnetIds", "aws:ec2/subnet:Subnet");
    assert.deepEqual(
      found.map((node) => node.urn),
      [subnet],
    );
  });

  it("rejects what is no preview, by name", () => {
    assert.throws(() => graphOf([]), GraphError);
    assert.throws(() => graphOf({ steps: [{ op: "create" }] }), /step 0 has no urn/);
    assert.throws(() => graphOf({ steps: [step("explode")] }), /unknown operation explode/);
  });
});
