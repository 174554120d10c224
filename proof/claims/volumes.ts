import type { Check, Claim, Outcome } from "../claim.ts";
import { proven, refuted, unknownBecause } from "../claim.ts";
import type { Model, Workload } from "../model.ts";
import { lostPlaces, mostLost } from "../replicas.ts";
import type { Survivors } from "../survivors.ts";
import { majority } from "./etcdQuorum.ts";

/** A pod whose data cannot follow it must not be needed for the majority of its set. */
function staysBehind(workload: Workload, model: Model, survivors: Survivors): Outcome {
  const stuck = mostLost(workload, model, survivors);
  if (workload.replicas - stuck >= majority(workload.replicas)) return proven;
  const where = workload.volumes === "machine" ? "machine" : "zone";
  return refuted(
    [],
    `${stuck} of ${workload.replicas} volumes of ${workload.name} may stay behind in ${lostPlaces(model, survivors).join(", ")}`,
    workload.replicas < 3
      ? `store ${workload.name} on a class that replicates over zones, or run three replicas spread over zones`
      : `spread ${workload.name} over ${where}s with whenUnsatisfiable: DoNotSchedule`,
  );
}

/** In a zone that lost machines but lives, another machine must be able to take the volume. */
function noMachineInZone(workload: Workload, model: Model, survivors: Survivors): Outcome {
  const homes = new Set(
    model.nodes
      .filter((node) => !survivors.alive(node) && !survivors.isLost(node.zone))
      .map((node) => node.zone),
  );
  for (const zone of homes) {
    if (model.nodes.some((node) => node.zone === zone && survivors.alive(node))) continue;
    if (workload.replicas - mostLost(workload, model, survivors) >= majority(workload.replicas)) {
      continue;
    }
    return refuted(
      survivors.lostOf(model.nodes).map(({ name }) => name),
      `no machine left in ${survivors.name(zone)} for the volumes of ${workload.name}`,
      `run two machines in ${survivors.name(zone)}, or store ${workload.name} on a class that replicates over zones`,
    );
  }
  return proven;
}

function check(workload: Workload, model: Model, survivors: Survivors): Outcome {
  if (workload.volumes === "unknown") {
    return unknownBecause(
      `the plan does not say where the volumes of ${workload.name} can be used`,
      `name a storageClassName whose StorageClass is in the plan, with a provisioner that the proof knows`,
    );
  }
  if (workload.volumes === "machine") return staysBehind(workload, model, survivors);
  if (survivors.lostZones().length > 0) return staysBehind(workload, model, survivors);
  return noMachineInZone(workload, model, survivors);
}

export const volumes: Claim = {
  id: "volumes",
  title: "pods that must move reach their volumes",
  prepare(model): Check | { notApplicable: string } {
    const judged = model.workloads.filter(
      ({ volumes: kind, isStorage, outageAccepted, replicas }) =>
        (kind === "zonal" || kind === "machine" || kind === "unknown") &&
        isStorage !== true &&
        !outageAccepted &&
        replicas > 0,
    );
    if (judged.length === 0) {
      return { notApplicable: "the plan has no pods with volumes that stay in a zone" };
    }
    return (survivors) => {
      for (const workload of judged) {
        const outcome = check(workload, model, survivors);
        if (outcome.verdict !== "proven") return outcome;
      }
      return proven;
    };
  },
};
