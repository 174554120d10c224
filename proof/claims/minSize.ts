import type { Check, Claim, Outcome } from "../claim.ts";
import { plural, proven, refuted, unknownBecause } from "../claim.ts";
import type { StoragePool } from "../model.ts";
import type { Survivors } from "../survivors.ts";

/** Most replicas of one object that the loss can take, given how replicas keep apart. */
function replicasLost(pool: StoragePool, survivors: Survivors): number {
  const lost = survivors.lostOf(pool.places ?? []).length;
  return Math.min(pool.size, lost);
}

function sizeFix(pool: StoragePool, failures: number, lost: number): string {
  if (pool.fix !== undefined) return pool.fix;
  if (pool.minSize >= pool.size) {
    return `set min_size of ${pool.name} to ${Math.max(1, pool.size - 1)}`;
  }
  return failures > 1 && pool.failureDomain === "zone"
    ? `keep ${pool.minSize + lost} replicas of ${pool.name} in as many zones`
    : `keep replicas of ${pool.name} apart by zone (failureDomain: zone) in at least ${pool.size} zones`;
}

function outcome(pool: StoragePool, survivors: Survivors): Outcome {
  if (pool.places === undefined) {
    return unknownBecause(
      `the plan does not say where the replicas of ${pool.name} stand`,
      `name the disks of ${pool.name}'s cluster in the plan (for Ceph storage.nodes or storage.storageClassDeviceSets)`,
    );
  }
  const lost = replicasLost(pool, survivors);
  const left = pool.size - lost;
  if (left >= pool.minSize) return proven;
  const places = survivors.lostOf(pool.places).map(({ name }) => name);
  return refuted(
    places,
    `${pool.name} keeps ${left} of ${plural(pool.size, "replica")}, min_size is ${pool.minSize}`,
    sizeFix(pool, survivors.failures, lost),
  );
}

export const minSize: Claim = {
  id: "storage-min-size",
  title: "replicated storage keeps accepting writes (min_size)",
  prepare(model): Check | { notApplicable: string } {
    if (model.storage.length === 0) {
      return { notApplicable: "the plan has no replicated storage" };
    }
    const impossible = model.storage.find(
      (pool) => pool.places !== undefined && pool.places.length < pool.size,
    );
    if (impossible) {
      const count = impossible.places?.length ?? 0;
      return () =>
        refuted(
          [],
          `${impossible.name} wants ${plural(impossible.size, "replica")} in different places and has ${count}: writes hang from the start`,
          impossible.fix ??
            `give ${impossible.name} at least ${plural(impossible.size, "place")} or fewer replicas`,
        );
    }
    return (survivors) => {
      for (const pool of model.storage) {
        const result = outcome(pool, survivors);
        if (result.verdict !== "proven") return result;
      }
      return proven;
    };
  },
};
