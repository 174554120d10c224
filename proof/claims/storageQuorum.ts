import type { Check, Claim } from "../claim.ts";
import { proven } from "../claim.ts";
import { quorumOutcome } from "./etcdQuorum.ts";

export const storageQuorum: Claim = {
  id: "storage-quorum",
  title: "storage monitors and key-value stores keep a majority",
  prepare(model): Check | { notApplicable: string } {
    const quorums = model.quorums.filter(({ kind }) => kind !== "etcd");
    if (quorums.length === 0) {
      return { notApplicable: "the plan has no storage with monitors of its own" };
    }
    return (survivors) => {
      for (const quorum of quorums) {
        const outcome = quorumOutcome(quorum, survivors);
        if (outcome.verdict !== "proven") return outcome;
      }
      return proven;
    };
  },
};
