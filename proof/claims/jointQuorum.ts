import type { Check, Claim, Outcome } from "../claim.ts";
import { proven, refuted, unknownBecause } from "../claim.ts";
import type { Model, Quorum } from "../model.ts";
import type { Survivors } from "../survivors.ts";
import { majorityLost } from "./etcdQuorum.ts";

/**
 * Quorums of which some members stand on the same machines, or, where the plan places them by zone
 * only, in the same zones.
 */
function sharing(model: Model): Quorum[][] {
  const groups: Quorum[][] = [];
  const places = model.quorums.map((quorum) => placesOf(quorum, model));
  model.quorums.forEach((first, index) => {
    model.quorums.slice(index + 1).forEach((second, offset) => {
      const theirs = places[index + 1 + offset];
      const own = places[index];
      if (own && theirs && [...theirs].some((id) => own.has(id))) groups.push([first, second]);
    });
  });
  return groups;
}

/** Machines, hosts and zones in which members stand, directly or through what is around them. */
function placesOf(quorum: Quorum, model: Model): Set<number> {
  const found = new Set<number>();
  const queue = quorum.members.flatMap((member) => member.standsIn);
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    const domain = model.domains[id];
    if (!domain || found.has(id)) continue;
    if (["machine", "host", "zone"].includes(domain.kind)) found.add(id);
    queue.push(...domain.within);
  }
  return found;
}

function together(group: readonly Quorum[], survivors: Survivors): Outcome {
  const lost = group.map((quorum) => majorityLost(quorum, survivors));
  if (lost.includes("no")) return proven;
  const names = group.map(({ name }) => name).join(" and ");
  if (lost.includes("possibly")) {
    return unknownBecause(
      `the plan does not say whether one failure takes the majorities of ${names}`,
      `choose one machine in each zone for each of ${names} (${[...new Set(group.map(({ fixKey }) => fixKey))].join("; ")})`,
    );
  }
  return refuted(
    group.flatMap((quorum) => survivors.lostOf(quorum.members).map(({ name }) => name)),
    `${names} lose their majority together, so neither can help to repair the other`,
    `put at most one member of each of ${names} where one failure takes it`,
  );
}

export const jointQuorum: Claim = {
  id: "joint-quorum",
  title: "quorums that share machines or zones are not lost together",
  prepare(model): Check | { notApplicable: string } {
    const groups = sharing(model);
    if (groups.length === 0) return { notApplicable: "no two quorums share machines or zones" };
    return (survivors) => {
      for (const group of groups) {
        const outcome = together(group, survivors);
        if (outcome.verdict !== "proven") return outcome;
      }
      return proven;
    };
  },
};
