import assert from "node:assert/strict";
import { planEks } from "../../design/eks.ts";
import { eksConfig } from "../support/fixtures.ts";

describe("plan of a managed cluster", () => {
  it("is the same every time", () => {
    assert.deepEqual(planEks(eksConfig()), planEks(eksConfig()));
  });

  it("holds plain values only, so that a preview shows every one", () => {
    const plan = planEks(eksConfig());
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  });

  it("shows what stands in each zone", () => {
    assert.deepEqual(planEks(eksConfig()).failureDomains["us-west-2b"], [
      "nat-gateway: us-west-2b",
      "control-plane: us-west-2b",
      "pool/general: 2 nodes",
    ]);
  });

  it("changes nothing that exists when a zone is appended", () => {
    const before = planEks(eksConfig());
    const after = planEks(eksConfig((raw) => raw.zones.push("us-west-2d")));
    const { failureDomains: _, network, pools, ...rest } = after;
    const { failureDomains: __, network: oldNetwork, pools: oldPools, ...oldRest } = before;
    assert.deepEqual(rest, oldRest);
    assert.deepEqual(network.zones.slice(0, 3), oldNetwork.zones);
    assert.deepEqual(
      pools.map((pool) => ({ ...pool, groups: pool.groups.slice(0, 3) })),
      oldPools,
    );
  });

  it("changes nothing that exists when a pool is added", () => {
    const before = planEks(eksConfig());
    const after = planEks(eksConfig((raw) => (raw.pools.more = raw.pools.general)));
    const { failureDomains: _, pools, ...rest } = after;
    const { failureDomains: __, pools: oldPools, ...oldRest } = before;
    assert.deepEqual(rest, oldRest);
    assert.deepEqual(pools.slice(0, 1), oldPools);
  });

  it("opens only the flows that it names", () => {
    const plan = planEks(eksConfig((raw) => (raw.api = { privateCidrs: ["10.99.0.0/16"] })));
    assert.deepEqual(
      plan.firewall.map(({ from, to, protocol, ports }) => [
        from,
        to,
        protocol,
        ports.from,
        ports.to,
      ]),
      [
        ["10.20.0.0/16", "endpoints", "tcp", 443, 443],
        ["10.99.0.0/16", "control-plane", "tcp", 443, 443],
      ],
    );
    assert.ok(plan.firewall.every(({ reason }) => reason.length > 10));
  });

  it("tags everything with the cluster, which a stack cannot override", () => {
    const tags = { team: "platform", "quorum:cluster": "another" };
    assert.deepEqual(planEks(eksConfig((raw) => (raw.tags = tags))).tags, {
      team: "platform",
      "quorum:cluster": "demo",
      "quorum:managed-by": "pulumi",
    });
  });
});
