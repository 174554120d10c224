import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import program from "../../index.ts";
import { engineConfig, record } from "../support/mocks.ts";

const stackFile = (stack: string) => readFileSync(`Pulumi.${stack}.yaml`, "utf8");

/** Inputs with the lists cut down to what was there before: the rest was added. */
function keptOf(
  inputs: Record<string, unknown>,
  before: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => {
      const old = before[key];
      return [key, Array.isArray(value) && Array.isArray(old) ? value.slice(0, old.length) : value];
    }),
  );
}

describe("the program", () => {
  it("runs two stacks in one process, and neither knows of the other", async () => {
    const run = (stack: string) =>
      record(program, { stack, preview: true, config: engineConfig(stackFile(stack)) });
    const first = await run("prod");
    const second = await run("staging");
    for (const [recording, own, other] of [
      [first, "quorum-prod", "quorum-staging"],
      [second, "quorum-staging", "quorum-prod"],
    ] as const) {
      assert.ok(recording.registrations.length > 100);
      for (const { name } of recording.registrations) assert.ok(name.startsWith(own), name);
      assert.ok(
        !JSON.stringify(recording.registrations.map(({ inputs }) => inputs)).includes(other),
      );
    }
    const again = await run("prod");
    assert.deepEqual(
      again.registrations.map(({ name }) => name).toSorted(),
      first.registrations.map(({ name }) => name).toSorted(),
    );
  });

  const growth: [string, (yaml: string) => string][] = [
    ["a fourth zone", (yaml) => yaml.replace("us-west-2c]", "us-west-2c, us-west-2d]")],
    [
      "a second pool",
      (yaml) =>
        yaml.replace(
          "quorum:pools:",
          `quorum:pools:
    batch:
      instanceTypes: [m7g.large]
      architecture: arm64
      minNodes: 0
      nodesPerZone: { min: 0, desired: 0, max: 3 }`,
        ),
    ],
  ];
  for (const [what, grow] of growth)
    it(`only creates when production gets ${what}`, async () => {
      const run = (yaml: string) =>
        record(program, { stack: "prod", preview: false, config: engineConfig(yaml) });
      const yaml = stackFile("prod");
      const before = await run(yaml);
      const after = await run(grow(yaml));
      assert.ok(after.registrations.length > before.registrations.length);
      for (const { type, name, inputs, protect } of before.registrations) {
        const same = after.find(type, name);
        // The ingress balancer serves targets of its own zones only, so that it takes in the new one.
        const kept = /IngressBalancer|:lb\/loadBalancer:/.test(type)
          ? keptOf(same.inputs, inputs)
          : same.inputs;
        assert.deepEqual([kept, same.protect], [inputs, protect], `${type} ${name}`);
      }
    });

  it("reports a bad stack file as one error for its reader, without a stack trace", async () => {
    const config = engineConfig(
      stackFile("prod").replace("name: quorum-prod", "name: Quorum_Prod"),
    );
    await assert.rejects(record(program, { stack: "prod", preview: true, config }), (error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.equal(
        error.message,
        `Pulumi.prod.yaml has 1 problem:
  quorum:name = Quorum_Prod: Use up to 32 of a-z, 0-9 and "-", beginning with a letter and not ending in "-". AWS and Kubernetes names are built from it.`,
      );
      return true;
    });
  });
});
