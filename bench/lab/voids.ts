/** Void runs that a measurement may still have: they show nothing, and are repeated. */
export interface VoidBudget {
  left: number;
}

/** Measure until a run counts; false when the budget is used up first. */
export async function untilCounted(
  voids: VoidBudget,
  measure: () => Promise<{ problem: string }>,
): Promise<boolean> {
  while (voids.left > 0) {
    const { problem } = await measure();
    if (problem === "") return true;
    voids.left -= 1;
  }
  return false;
}
