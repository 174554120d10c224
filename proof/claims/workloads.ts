import type { Check, Claim, Outcome } from "../claim.ts";
import { enumerate, plural, proven, refuted } from "../claim.ts";
import type { Model, Workload } from "../model.ts";
import { lostPlaces, mostLost } from "../replicas.ts";
import type { Survivors } from "../survivors.ts";

/** Whether a replica is left in the worst placement that the spread rules allow. */
export function serving(workload: Workload, model: Model, survivors: Survivors): Outcome {
  const lost = mostLost(workload, model, survivors);
  if (lost < workload.replicas) return proven;
  const places = enumerate(lostPlaces(model, survivors));
  const { replicas, name } = workload;
  if (replicas === 1) {
    return refuted(
      [`the only replica of ${name}`],
      "0 of 1 replica left",
      `run two replicas of ${name}`,
    );
  }
  if (survivors.failures > 1) {
    return refuted(
      [],
      `all ${plural(replicas, "replica")} of ${name} may stand in ${places}`,
      `run ${replicas + 1} replicas of ${name}, spread over zones`,
    );
  }
  const zone = survivors.lostZones().length > 0;
  const rule = zone ? "topology.kubernetes.io/zone" : "kubernetes.io/hostname";
  return refuted(
    [],
    `all ${plural(replicas, "replica")} of ${name} may stand in ${places}: nothing keeps them apart`,
    zone && workload.zoneSpread === "hard"
      ? `run ${name} in more zones`
      : `give ${name} a topologySpreadConstraint on ${rule} with whenUnsatisfiable: DoNotSchedule`,
  );
}

export const workloads: Claim = {
  id: "workloads",
  title: "every workload keeps a replica",
  prepare(model): Check | { notApplicable: string } {
    const judged = model.workloads.filter(
      ({ isDns, isStorage, outageAccepted, replicas }) =>
        !isDns && isStorage !== true && !outageAccepted && replicas > 0,
    );
    if (judged.length === 0) return { notApplicable: "the plan has no workloads besides DNS" };
    const classes = new Map<string, Workload>();
    for (const workload of judged) {
      const { replicas, zoneSpread, zoneSkew, machineSpread, nodeSelector, nodeAffinity } =
        workload;
      const where = JSON.stringify([nodeSelector, nodeAffinity]);
      const key = [replicas, zoneSpread, zoneSkew, machineSpread, where].join();
      if (!classes.has(key)) classes.set(key, workload);
    }
    return (survivors) => {
      for (const workload of classes.values()) {
        const outcome = serving(workload, model, survivors);
        if (outcome.verdict !== "proven") return outcome;
      }
      return proven;
    };
  },
};
