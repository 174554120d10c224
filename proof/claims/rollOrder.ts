import type { Claim } from "../claim.ts";
import { proven, refuted } from "../claim.ts";

export const rollOrder: Claim = {
  id: "roll-order",
  scope: "plan",
  title: "an update touches quorum members one at a time",
  prepare(model) {
    const { unorderedSteps } = model;
    if (unorderedSteps === undefined) {
      return { notApplicable: "the plan runs no steps on quorum members" };
    }
    const [first] = unorderedSteps;
    if (!first) return () => proven;
    const [one, other] = first.machines;
    return () =>
      refuted(
        [],
        `nothing orders step ${first.step} of ${one} and ${other}: one update may restart both at once`,
        `let the ${first.step} step of ${other} depend on that of ${one}`,
      );
  },
};
