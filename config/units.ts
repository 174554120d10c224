/** Conversions between the units that keys carry in their names and those that programs want. */

/** GiB as bytes, e.g. 8 as 8589934592. */
export function bytesFromGiB(gib: number): number {
  return gib * 2 ** 30;
}

/** Minutes as seconds. */
export function secondsFromMinutes(minutes: number): number {
  return minutes * 60;
}
