import assert from "node:assert/strict";
import { ec2Stack } from "../../../components/ec2/stack.ts";
import { ec2Config } from "../../support/fixtures.ts";
import { type Recording, record } from "../../support/mocks.ts";

const counts = [3, 30, 300] as const;

/** A stack with so many worker pools in three zones. */
function withPools(count: number): Promise<Recording> {
  const config = ec2Config((raw) => {
    raw.kubernetes.podCidr = "10.128.0.0/9";
    const general = { ...raw.pools.general, nodesPerZone: { min: 2, desired: 2, max: 3 } };
    raw.pools = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`pool-${index}`, structuredClone(general)]),
    );
  });
  return record(async () => ec2Stack(config), { stack: "demo", preview: false });
}

describe("growth of platform ec2", () => {
  it("is linear: each worker pool adds the same resources, from 3 pools to 300", async function () {
    this.timeout(300_000);
    const made: Map<string, number>[] = [];
    for (const count of counts) {
      // The SDK takes a stack trace for every promise; the engine's preload spares it that too.
      const limit = Error.stackTraceLimit;
      Error.stackTraceLimit = 0;
      const { registrations } = await withPools(count).finally(() => {
        Error.stackTraceLimit = limit;
      });
      made.push(
        new Map(
          [...Map.groupBy(registrations, ({ type }) => type)].map(([type, all]) => [
            type,
            all.length,
          ]),
        ),
      );
    }
    const [few, more, many] = made as [
      Map<string, number>,
      Map<string, number>,
      Map<string, number>,
    ];
    assert.deepEqual([...many.keys()].toSorted(), [...few.keys()].toSorted());
    for (const [type, atFew] of few) {
      const perPool = ((more.get(type) ?? 0) - atFew) / (counts[1] - counts[0]);
      const expected = atFew + perPool * (counts[2] - counts[0]);
      assert.equal(many.get(type), expected, `${type}: ${perPool} for each pool`);
    }
    // One for the pool and one for its machine files; in each zone a template, a group, a hook and
    // their components.
    const all = (types: Map<string, number>) => [...types.values()].reduce((a, b) => a + b, 0);
    assert.equal((all(many) - all(few)) / (counts[2] - counts[0]), 2 + 3 * 5);
  });
});
