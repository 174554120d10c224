import { enumerate } from "../claim.ts";
import { textIn } from "../read.ts";
import type { Finding, Update } from "../transition.ts";

const groupType = "aws:eks/nodeGroup:NodeGroup";

/** Pools that go away while their successor is not there yet. */
function removedPools(update: Update): Finding[] {
  const after = new Set(update.modelAfter.pools.map(({ name }) => name));
  const before = new Set(update.modelBefore.pools.map(({ name }) => name));
  const successors = [...after].filter((name) => !before.has(name));
  return [...before]
    .filter((name) => !after.has(name))
    .map((name): Finding => {
      const remaining = [...after].filter((other) => before.has(other));
      const successor =
        successors.length > 0
          ? `its successor ${enumerate(successors)} is only created by the same update`
          : `no other pool is created${remaining.length > 0 ? "" : " or left"}`;
      return {
        rule: "pool",
        subject: name,
        sentence: `this update deletes pool ${name} with all its machines; ${successor}`,
        fix:
          successors.length > 0
            ? `create ${enumerate(successors)} first, wait until its machines are Ready, drain ${name}, then delete it`
            : `drain ${name}, then allow its deletion with --allow pool:${name}`,
      };
    });
}

/** A named node group cannot exist twice, so the old one goes first. */
function replacedGroups(update: Update): Finding[] {
  return update.graph.changes
    .filter(({ operation, before }) => operation === "replace" && before?.type === groupType)
    .filter(({ after }) => textIn(after?.inputs.nodeGroupName) !== undefined)
    .map(
      ({ after, urn }): Finding => ({
        rule: "pool",
        subject: after?.name ?? urn,
        sentence: `node group ${after?.name} has a fixed name: its replacement deletes it before the new one exists`,
        fix: "leave nodeGroupName out, so that the new group is created first",
      }),
    );
}

export function poolLoss(update: Update): Finding[] {
  return [...removedPools(update), ...replacedGroups(update)];
}
