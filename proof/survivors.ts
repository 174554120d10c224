import type { DomainId, Model, Part } from "./model.ts";

/** What is lost and what is left after some failures. */
export class Survivors {
  readonly model: Model;
  /** How many things failed at the same time. */
  readonly failures: number;
  readonly #lost: Uint8Array;
  readonly #lostOf = new Map<readonly Part[], readonly Part[]>();

  /** @param closures for each domain, all that is lost with it. */
  constructor(
    model: Model,
    closures: readonly (readonly DomainId[])[],
    failed: readonly DomainId[],
  ) {
    this.model = model;
    this.failures = failed.length;
    this.#lost = new Uint8Array(model.domains.length);
    for (const id of failed) for (const inner of closures[id] ?? []) this.#lost[inner] = 1;
  }

  isLost(id: DomainId): boolean {
    return this.#lost[id] === 1;
  }

  alive(part: Part): boolean {
    for (const id of part.standsIn) if (this.#lost[id] === 1) return false;
    return true;
  }

  /** The same list is looked through once, however many claims ask. */
  lostOf<T extends Part>(parts: readonly T[]): readonly T[] {
    const known = this.#lostOf.get(parts);
    if (known !== undefined) return known as readonly T[];
    const lost = parts.filter((part) => !this.alive(part));
    this.#lostOf.set(parts, lost);
    return lost;
  }

  aliveOf<T extends Part>(parts: readonly T[]): T[] {
    return parts.filter((part) => this.alive(part));
  }

  lostZones(): DomainId[] {
    return this.model.zones.filter((zone) => this.isLost(zone));
  }

  aliveZones(): DomainId[] {
    return this.model.zones.filter((zone) => !this.isLost(zone));
  }

  /** The zone around a part; undefined when it stands in none. */
  zoneOf(part: Part): DomainId | undefined {
    const queue = [...part.standsIn];
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      const domain = this.model.domains[id];
      if (domain?.kind === "zone") return id;
      queue.push(...(domain?.within ?? []));
    }
    return undefined;
  }

  name(id: DomainId): string {
    return this.model.domains[id]?.name ?? "?";
  }
}
