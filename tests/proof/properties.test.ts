import assert from "node:assert/strict";
import fc from "fast-check";
import { etcdQuorum } from "../../proof/claims/etcdQuorum.ts";
import { modelOf } from "../../proof/facts/index.ts";
import { graphOf } from "../../proof/graph.ts";
import { closures, type DomainId, type Model } from "../../proof/model.ts";
import { Placer, type Slot } from "../../proof/placement.ts";
import { prove } from "../../proof/prove.ts";
import { Survivors } from "../../proof/survivors.ts";
import { Plan } from "../support/plannedGraph.ts";

/** Etcd members by zone, e.g. [2, 1] for two in the first zone and one in the second. */
function etcdIn(zones: readonly number[]): Model {
  const plan = new Plan();
  zones.forEach((count, zone) => {
    for (let index = 0; index < count; index += 1) {
      const machine = `etcd-${zone}-${index}`;
      plan.add("quorum:hosts:Machine", machine, { machine, zone: `z-${zone}`, roles: ["etcd"] });
    }
  });
  return modelOf(graphOf(plan.preview()));
}

describe("properties of the proof", () => {
  const spreads = fc
    .array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 })
    .filter((zones) => zones.some((count) => count > 0));

  it("agrees with counting: etcd survives every single failure iff no zone and no machine takes its majority", () => {
    fc.assert(
      fc.property(spreads, (zones) => {
        const total = zones.reduce((sum, count) => sum + count, 0);
        const largest = Math.max(...zones, 1);
        const holds = total - largest >= Math.floor(total / 2) + 1;
        const proof = prove(etcdIn(zones), { claims: [etcdQuorum] });
        assert.equal(proof.claims[0]?.sets.single.verdict, holds ? "proven" : "refuted");
      }),
    );
  });

  it("counts every real pair, whatever classes stand for them", () => {
    fc.assert(
      fc.property(spreads, (zones) => {
        const model = etcdIn(zones);
        const { pair } = prove(model, { claims: [etcdQuorum] }).claims[0]?.sets ?? {};
        const inner = closures(model);
        const check = etcdQuorum.prepare(model);
        assert.ok(typeof check === "function");
        // One domain for each thing that differs in what it takes: zones of one machine are that machine.
        const byEffect = new Map<string, DomainId>();
        for (const { id } of model.domains) {
          const lost = new Survivors(model, inner, [id]);
          const names = lost.lostOf(model.quorums[0]?.members ?? []).map(({ name }) => name);
          const zoneLost = lost.lostZones().join();
          const key = `${names.join()}|${zoneLost}`;
          if (!byEffect.has(key) && names.length + zoneLost.length > 0) byEffect.set(key, id);
        }
        const ids = [...byEffect.values()];
        let held = 0;
        let all = 0;
        ids.forEach((first, index) => {
          for (const second of ids.slice(index + 1)) {
            const contained =
              inner[first]?.includes(second) === true || inner[second]?.includes(first) === true;
            if (contained) continue;
            all += 1;
            const outcome = check(new Survivors(model, inner, [first, second]));
            if (outcome.verdict === "proven") held += 1;
          }
        });
        assert.equal(pair?.failures, all);
        assert.equal(pair?.held, held);
      }),
      { numRuns: 50 },
    );
  });

  const workload = fc.record({
    replicas: fc.integer({ min: 1, max: 6 }),
    cpuMilli: fc.integer({ min: 0, max: 900 }),
    memoryMiB: fc.integer({ min: 0, max: 900 }),
    zoneSpread: fc.constantFrom("hard" as const, "soft" as const, "none" as const),
    spreadHonorsTaints: fc.boolean(),
    machineSpread: fc.constantFrom("hard" as const, "none" as const),
  });

  it("never places more on a machine than it has, nor against a spread that must hold", () => {
    fc.assert(
      fc.property(
        fc.array(workload, { maxLength: 8 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 7 }),
        (shapes, zones) => {
          const slots = zones.map(
            (zone): Slot => ({
              zone,
              cpuMilli: 1000,
              memoryMiB: 1000,
              pods: 4,
              labels: {},
              taints: [],
            }),
          );
          const workloads = shapes.map((shape, index) => ({
            kind: "Deployment" as const,
            name: `w/${index}`,
            namespace: "w",
            isDns: false,
            labels: {},
            nodeSelector: {},
            toleratedTaints: [],
            volumes: "none" as const,
            outageAccepted: false,
            requestsSaidIn: "its template",
            zoneSkew: 1,
            ...shape,
          }));
          const placer = new Placer(slots, workloads);
          const { placement, misfits } = placer.all(placer.situation(() => true));
          const failed = new Set(misfits.map((misfit) => misfit.workload.name));
          placement.podsOn.forEach((pods, slot) => {
            assert.ok(pods.length <= 4);
            const used = (key: "cpuMilli" | "memoryMiB") =>
              pods.reduce((sum, pod) => sum + (workloads[pod]?.[key] ?? 0), 0);
            assert.ok(used("cpuMilli") <= 1000 && used("memoryMiB") <= 1000);
            assert.equal(placement.freeCpu[slot], 1000 - used("cpuMilli"));
          });
          workloads.forEach((one, index) => {
            const here = placement.podsOn.map((pods) => pods.filter((pod) => pod === index).length);
            if (one.machineSpread === "hard") assert.ok(here.every((count) => count <= 1));
            if (failed.has(one.name)) return;
            assert.equal(
              here.reduce((sum, count) => sum + count, 0),
              one.replicas,
            );
            if (one.zoneSpread !== "hard") return;
            const byZone = [...new Set(zones)].map((zone) =>
              here.reduce((sum, count, slot) => sum + (zones[slot] === zone ? count : 0), 0),
            );
            assert.ok(Math.max(...byZone) - Math.min(...byZone) <= 1);
          });
        },
      ),
    );
  });
});
