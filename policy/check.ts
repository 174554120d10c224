/** Runs the rules on the JSON of a preview, for the embedded engine and for tests. */
import type { Level, PlannedResource, Rule } from "./rule.ts";
import { rules as allRules } from "./rules/index.ts";

export interface Violation {
  rule: string;
  level: Level;
  /** Absent for rules about the whole stack. */
  resource: string | undefined;
  message: string;
}

interface StepJson {
  op?: unknown;
  urn?: unknown;
  newState?: Record<string, unknown>;
}

/** Resources that will exist when the preview is applied; unknown values are left as they stand. */
export function plannedResources(preview: unknown): PlannedResource[] {
  const steps = (preview as { steps?: StepJson[] }).steps ?? [];
  const planned = new Map<string, PlannedResource>();
  for (const { urn, newState, op } of steps) {
    if (typeof urn !== "string" || newState === undefined || op === "delete") continue;
    planned.set(urn, {
      urn,
      type: String(newState.type),
      name: urn.slice(urn.lastIndexOf("::") + 2),
      inputs: (newState.inputs ?? {}) as Record<string, unknown>,
      protect: newState.protect === true,
      retainOnDelete: newState.retainOnDelete === true,
    });
  }
  return [...planned.values()];
}

function violationsOf(rule: Rule, resources: readonly PlannedResource[]): Violation[] {
  const { name, level } = rule;
  if (rule.kind === "stack") {
    return rule
      .check(resources)
      .map((message) => ({ rule: name, level, resource: undefined, message }));
  }
  return resources.flatMap((resource) =>
    rule
      .check(resource)
      .map((message) => ({ rule: name, level, resource: resource.name, message })),
  );
}

/** Everything that breaks a rule, mandatory rules first. */
export function violations(
  resources: readonly PlannedResource[],
  rules: readonly Rule[] = allRules,
): Violation[] {
  const found = rules.flatMap((rule) => violationsOf(rule, resources));
  return found.sort((a, b) => Number(b.level === "mandatory") - Number(a.level === "mandatory"));
}

/** One line for each violation. */
export function violationLines(found: readonly Violation[]): string[] {
  return found.map(({ rule, level, resource, message }) => {
    const subject = resource === undefined ? "" : `${resource}: `;
    return `[${level}] ${rule}: ${subject}${message}`;
  });
}
