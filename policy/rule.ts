/**
 * Rules that every plan must keep, as pure functions over planned resources. The Pulumi CLI runs them
 * through `pack.ts`, the embedded engine's preview through `check.ts`.
 */

export interface PlannedResource {
  urn: string;
  type: string;
  /** Logical name. */
  name: string;
  inputs: Readonly<Record<string, unknown>>;
  protect: boolean;
  retainOnDelete: boolean;
}

export type Level = "mandatory" | "advisory";

interface CommonRule {
  /** Kebab-case, unique; the policy's name in the CLI. */
  name: string;
  /** What must hold, as a sentence. */
  description: string;
  level: Level;
}

/** A rule about one resource at a time. */
export interface ResourceRule extends CommonRule {
  kind: "resource";
  /** @returns what is wrong, each with its remedy; empty when nothing is. */
  check(resource: PlannedResource): string[];
}

/** A rule about all resources together. */
export interface StackRule extends CommonRule {
  kind: "stack";
  check(resources: readonly PlannedResource[]): string[];
}

export type Rule = ResourceRule | StackRule;
