import { ConfigError, type Finding } from "../../config/errors.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Raw } from "../support/fixtures.ts";

/** What is wrong with settings: nothing, or the findings of the one error. */
export function findingsOf(raw: unknown): readonly Finding[] {
  try {
    parseConfig(raw);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.findings;
    throw error;
  }
}

/** Keys of the findings after one field of a valid stack is broken. */
export function keysAfter(fixture: () => Raw, change: (raw: Raw) => void): string[] {
  const raw = fixture();
  change(raw);
  return findingsOf(raw).map(({ key }) => key);
}
