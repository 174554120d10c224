import type { Finding } from "../errors.ts";

/** A rule over some top-level keys of `C`. It runs only when all of them have the right form. */
export interface Rule<C> {
  readonly reads: readonly (keyof C)[];
  check(config: C): Finding[];
}

/** Declare a rule that can see only what it says it reads. */
export function ruleOver<C>() {
  return <K extends keyof C>(
    reads: readonly K[],
    check: (config: Pick<C, K>) => Finding[],
  ): Rule<C> => ({ reads, check });
}
