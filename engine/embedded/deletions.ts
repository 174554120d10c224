import { deletionOrder } from "./planner.ts";
import type { ResourceState } from "./resourceState.ts";

/**
 * Deletes resources at once as far as their order allows, dependents first. After a failure what
 * is under way finishes; then the first failure is thrown.
 */
export async function deleteInOrder(
  states: readonly ResourceState[],
  deleteOne: (state: ResourceState) => Promise<void>,
): Promise<void> {
  const waitsFor = deletionOrder(states);
  const running = new Map<ResourceState, Promise<void>>();
  const start = (state: ResourceState): Promise<void> => {
    let deletion = running.get(state);
    if (deletion === undefined) {
      const dependents = [...(waitsFor.get(state) ?? [])].map(start);
      deletion = Promise.all(dependents).then(() => deleteOne(state));
      running.set(state, deletion);
    }
    return deletion;
  };
  const results = await Promise.allSettled(states.map(start));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
