import type { Check, Claim, Outcome } from "../claim.ts";
import { proven, refuted } from "../claim.ts";
import type { Model, Quorum } from "../model.ts";
import type { Survivors } from "../survivors.ts";
import { majority } from "./etcdQuorum.ts";

/** Quorums of which some members stand on the same machines. */
function sharing(model: Model): Quorum[][] {
  const groups: Quorum[][] = [];
  const domains = (quorum: Quorum): Set<number> =>
    new Set(
      quorum.members
        .flatMap((member) => member.standsIn)
        .filter((id) => ["machine", "host"].includes(model.domains[id]?.kind ?? "")),
    );
  model.quorums.forEach((first, index) => {
    const own = domains(first);
    for (const second of model.quorums.slice(index + 1)) {
      if ([...domains(second)].some((id) => own.has(id))) groups.push([first, second]);
    }
  });
  return groups;
}

function together(group: readonly Quorum[], survivors: Survivors): Outcome {
  const broken = group.filter((quorum) => {
    const left = survivors.aliveOf(quorum.members).length;
    return left < majority(quorum.members.length);
  });
  if (broken.length < group.length) return proven;
  return refuted(
    group.flatMap((quorum) => survivors.lostOf(quorum.members).map(({ name }) => name)),
    `${group.map(({ name }) => name).join(" and ")} lose their majority together, so neither can help to repair the other`,
    `put the members of ${group.map(({ name }) => name).join(" and ")} on different machines`,
  );
}

export const jointQuorum: Claim = {
  id: "joint-quorum",
  title: "quorums that share machines are not lost together",
  prepare(model): Check | { notApplicable: string } {
    const groups = sharing(model);
    if (groups.length === 0) return { notApplicable: "no two quorums share machines" };
    return (survivors) => {
      for (const group of groups) {
        const outcome = together(group, survivors);
        if (outcome.verdict !== "proven") return outcome;
      }
      return proven;
    };
  },
};
