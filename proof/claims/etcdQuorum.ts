import type { Check, Claim, Outcome } from "../claim.ts";
import { plural, proven, refuted, unknownBecause } from "../claim.ts";
import type { ManagedControlPlane, Quorum } from "../model.ts";
import type { Survivors } from "../survivors.ts";

/** Voters that must be left of `members`: a majority. */
export function majority(members: number): number {
  return Math.floor(members / 2) + 1;
}

/** Whether one quorum holds, and what the loss was. */
export function quorumOutcome(quorum: Quorum, survivors: Survivors): Outcome {
  if (quorum.voters !== undefined) return chosenOutcome(quorum, survivors);
  const total = quorum.members.length;
  const lost = survivors.lostOf(quorum.members);
  const left = total - lost.length;
  const needed = majority(total);
  if (left >= needed) return proven;
  return refuted(
    lost.map((member) => member.name),
    `${left} of ${plural(total, "voter")} left, ${needed} needed`,
    quorumFix(quorum, survivors, lost.length),
  );
}

/** Voters that are left at worst and at best, by which of the members vote, and how many it takes. */
function votersLeft({ members, voters = members.length }: Quorum, survivors: Survivors) {
  const lost = survivors.lostOf(members).length;
  return {
    voters,
    needed: majority(voters),
    worst: Math.max(0, voters - lost),
    best: Math.min(voters, members.length - lost),
  };
}

/** Whether the majority is gone: surely, possibly (by which members vote), or not. */
export function majorityLost(quorum: Quorum, survivors: Survivors): "surely" | "possibly" | "no" {
  const { needed, worst, best } = votersLeft(quorum, survivors);
  if (worst >= needed) return "no";
  return best >= needed ? "possibly" : "surely";
}

/** Voters of some members: proven if any choice of them holds, refuted if none does. */
function chosenOutcome(quorum: Quorum, survivors: Survivors): Outcome {
  const { voters, needed, best } = votersLeft(quorum, survivors);
  switch (majorityLost(quorum, survivors)) {
    case "no":
      return proven;
    case "possibly":
      return unknownBecause(
        `the plan does not say on which ${voters} of ${quorum.members.length} machines ${quorum.name} keeps its store`,
        `choose one machine in each zone (${quorum.fixKey})`,
      );
    case "surely":
      return refuted(
        survivors.lostOf(quorum.members).map(({ name }) => name),
        `at most ${best} of ${plural(voters, "voter")} left, ${needed} needed`,
        `spread the machines of ${quorum.name} over more zones`,
      );
  }
}

function quorumFix(quorum: Quorum, survivors: Survivors, lost: number): string {
  const total = quorum.members.length;
  const zones = survivors.model.zones.length;
  if (total < 3 || total % 2 === 0) {
    return `use 3 or 5 members (${quorum.fixKey}); ${total} survive no more failures than ${Math.max(1, total - 1)}`;
  }
  const perZone = Math.ceil(total / Math.max(1, zones));
  if (survivors.lostZones().length === 1 && lost > perZone) {
    return `put at most ${plural(Math.max(1, perZone), "member")} into one zone (${quorum.fixKey})`;
  }
  if (survivors.failures === 1 && survivors.lostZones().length === 0) {
    return `put the members on different hosts (${quorum.fixKey})`;
  }
  if (survivors.lostZones().length === 0 && lost >= 2 && total === 3) {
    return `use five members on five machines (${quorum.fixKey})`;
  }
  if (survivors.lostZones().length > 0 && zones < 5) {
    return `use five members in five zones (${quorum.fixKey})`;
  }
  return `spread the members so that each failure takes fewer than ${total - majority(total) + 1} (${quorum.fixKey})`;
}

/** What a managed control plane promises, for claims that it answers. */
export function promise(managed: ManagedControlPlane, survivors: Survivors): Outcome {
  const lost = survivors.lostZones().length;
  if (lost <= managed.promisedZones) {
    return { verdict: "proven", note: `promised by ${managed.provider}` };
  }
  return unknownBecause(
    `${managed.provider} promises the loss of ${plural(managed.promisedZones, "zone")}, not of ${lost}`,
    "nothing in this plan can say it: run the control plane on machines of the stack (platform ec2), or a second stack in another region",
  );
}

export const etcdQuorum: Claim = {
  id: "etcd-quorum",
  title: "etcd keeps a majority of its voters",
  prepare(model): Check | { notApplicable: string } {
    const { managed } = model;
    if (managed) return (survivors) => promise(managed, survivors);
    const quorum = model.quorums.find(({ kind }) => kind === "etcd");
    if (!quorum)
      return () =>
        unknownBecause(
          "the plan names no etcd members",
          "give the stack etcd members (hosts with the role etcd)",
        );
    return (survivors) => quorumOutcome(quorum, survivors);
  },
};
