/** One member of something that must outlive the loss of a zone. */
export interface Placement {
  /** What it is part of, e.g. "nat-gateway", "pool/general". */
  group: string;
  /** Unique within the group. */
  member: string;
  zone: string;
}

/** Members by zone, each as "group: member", in the given order. */
export function byFailureDomain(placements: readonly Placement[]): Record<string, string[]> {
  const byZone = Map.groupBy(placements, ({ zone }) => zone);
  return Object.fromEntries(
    [...byZone].map(([zone, inside]) => [
      zone,
      inside.map(({ group, member }) => `${group}: ${member}`),
    ]),
  );
}
