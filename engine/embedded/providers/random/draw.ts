import { createHash, randomInt } from "node:crypto";

const chunkBits = 48n;

/** Draws whole numbers from 0 up to, and without, a bound. */
export type Draw = (bound: number) => number;

/**
 * Numbers that nobody can foresee, or, with a seed, the same numbers each time. The seeded ones are
 * not those that the original draws from the same seed.
 */
export function drawFrom(seed: string | undefined): Draw {
  if (seed === undefined || seed === "") return (bound) => randomInt(bound);
  let counter = 0;
  return (bound) => {
    const digest = createHash("sha256").update(`${counter++}:${seed}`).digest("hex");
    return Number((BigInt(`0x${digest}`) >> chunkBits) % BigInt(bound));
  };
}

/** A permutation of a list (Fisher-Yates). */
export function shuffled<T>(list: readonly T[], draw: Draw): T[] {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last--) {
    const chosen = draw(last + 1);
    const moved = result[last] as T;
    result[last] = result[chosen] as T;
    result[chosen] = moved;
  }
  return result;
}
