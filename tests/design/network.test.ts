import assert from "node:assert/strict";
import fc from "fast-check";
import { regionZoneLetters } from "../../config/aws.ts";
import { type Cidr, contains, overlaps, parseCidr } from "../../config/cidr.ts";
import type { EksConfig } from "../../config/schema.ts";
import { type NetworkPlan, planNetwork, type ZoneNetworkPlan } from "../../design/network.ts";
import { eksConfig } from "../support/fixtures.ts";

/** Any VPC and any choice of three or more zones of a region, in any order. */
const anyNetwork: fc.Arbitrary<EksConfig> = fc
  .tuple(
    fc.constantFrom(...Object.entries(regionZoneLetters)),
    fc.integer({ min: 16, max: 20 }),
    fc.nat(),
  )
  .chain(([[region, letters], prefix, position]) =>
    fc.shuffledSubarray([...letters], { minLength: 3 }).map((chosen) => ({
      ...eksConfig(),
      region,
      zones: chosen.map((letter) => region + letter),
      network: { cidr: `10.${position % 256}.0.0/${prefix}` },
    })),
  );

function range(text: string): Cidr {
  const cidr = parseCidr(text);
  assert.ok(cidr !== undefined, text);
  return cidr;
}

const blocks = (plan: NetworkPlan): Cidr[] =>
  plan.zones.flatMap(({ subnets }) => Object.values(subnets).map(({ cidr }) => range(cidr)));

const table = ({ zone, subnets }: ZoneNetworkPlan) => [
  zone,
  subnets.private.cidr,
  subnets.public.cidr,
  subnets.isolated.cidr,
];

describe("address plan", () => {
  it("is this for a /16", () => {
    assert.deepEqual(planNetwork(eksConfig()).zones.map(table), [
      ["us-west-2a", "10.20.0.0/20", "10.20.16.0/22", "10.20.20.0/22"],
      ["us-west-2b", "10.20.32.0/20", "10.20.48.0/22", "10.20.52.0/22"],
      ["us-west-2c", "10.20.64.0/20", "10.20.80.0/22", "10.20.84.0/22"],
    ]);
  });

  it("is this for a /20", () => {
    const config = { ...eksConfig(), network: { cidr: "10.20.16.0/20" } };
    assert.deepEqual(planNetwork(config).zones.map(table), [
      ["us-west-2a", "10.20.16.0/24", "10.20.17.0/26", "10.20.17.64/26"],
      ["us-west-2b", "10.20.18.0/24", "10.20.19.0/26", "10.20.19.64/26"],
      ["us-west-2c", "10.20.20.0/24", "10.20.21.0/26", "10.20.21.64/26"],
    ]);
  });

  it("keeps blocks disjoint and inside the VPC", () => {
    fc.assert(
      fc.property(anyNetwork, (config) => {
        const all = blocks(planNetwork(config));
        assert.equal(all.length, config.zones.length * 3);
        for (const [index, block] of all.entries()) {
          assert.ok(contains(range(config.network.cidr), block));
          assert.ok(block.prefix <= 28, "AWS takes no smaller subnet");
          assert.ok(all.slice(0, index).every((earlier) => !overlaps(earlier, block)));
        }
      }),
    );
  });

  it("moves nothing that exists when a zone is appended", () => {
    fc.assert(
      fc.property(anyNetwork, (config) => {
        fc.pre(config.zones.length > 3);
        const before = planNetwork({ ...config, zones: config.zones.slice(0, -1) });
        const after = planNetwork(config);
        assert.deepEqual(after.zones.slice(0, -1), before.zones);
        assert.deepEqual({ ...after, zones: [] }, { ...before, zones: [] });
      }),
    );
  });

  it("gives a zone the same addresses whatever the order", () => {
    fc.assert(
      fc.property(anyNetwork, (config) => {
        const reversed = planNetwork({ ...config, zones: config.zones.toReversed() });
        assert.deepEqual(reversed.zones.toReversed(), planNetwork(config).zones);
      }),
    );
  });

  it("puts the anchors in three zones, so that one may be lost", () => {
    fc.assert(
      fc.property(anyNetwork, (config) => {
        assert.deepEqual(planNetwork(config).anchorZones, config.zones.slice(0, 3));
      }),
    );
  });
});
