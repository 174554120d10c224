import { stripVTControlCharacters } from "node:util";
import { encodeMaskedResource } from "../embedded/checkpoint.ts";
import type { Diagnostic } from "../embedded/observer.ts";
import type { Step } from "../embedded/planner.ts";
import type { PreviewResult } from "../embedded/preview.ts";
import { type JsonMap, maskedSecret } from "../embedded/propertyCodec.ts";
import { rootStackType } from "../embedded/urn.ts";

/** One step of `pulumi preview --json`. */
export interface PreviewStepJson {
  op: string;
  urn: string;
  provider?: string;
  oldState?: JsonMap;
  newState?: JsonMap;
  diffReasons?: string[];
  replaceReasons?: string[];
  detailedDiff: Record<string, { kind: string; inputDiff: boolean }> | null;
}

/** The document that `pulumi preview --json` prints. */
export interface PreviewJson {
  config?: Record<string, string>;
  steps?: PreviewStepJson[];
  diagnostics?: { urn?: string; message: string; severity: string }[];
  /** Nanoseconds. */
  duration?: number;
  changeSummary?: Record<string, number>;
}

/** Operations that stand for a step of their own in displays; the parts of a replacement do not. */
export function isShown(step: Step, showSames: boolean): boolean {
  switch (step.operation) {
    case "create-replacement":
    case "remove-pending-replace":
      return false;
    case "delete-replaced":
      // Part of a replacement, unless an earlier run left it: then nothing else speaks of it.
      return step.leftOver === true;
    case "same":
      return showSames || step.type === rootStackType || protectChange(step) !== undefined;
    default:
      return true;
  }
}

/** A resource may stay as it is and yet lose its protection: a reader must see that. */
export function protectChange({ before, after }: Step): string | undefined {
  if (before === undefined || after === undefined || before.protect === after.protect)
    return undefined;
  return after.protect ? "protected from now on" : "no longer protected";
}

/** Steps to display: the root stack first, otherwise in the order in which they came. */
export function shownSteps(steps: readonly Step[], showSames: boolean): Step[] {
  return steps.filter((step) => isShown(step, showSames));
}

/** How many resources are created, updated and so on; a replacement counts once. */
export function changeSummary(steps: readonly Step[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const step of shownSteps(steps, true)) {
    const key = step.operation === "delete-replaced" ? "delete" : step.operation;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

export function stepJson(step: Step): PreviewStepJson {
  const { before, after } = step;
  const provider = after?.provider ?? before?.provider;
  return {
    op: step.operation,
    urn: step.urn,
    ...(provider !== undefined && { provider }),
    ...(before !== undefined && { oldState: encodeMaskedResource(before) }),
    ...(after !== undefined && { newState: encodeMaskedResource(after) }),
    ...(step.changedKeys.length > 0 && { diffReasons: step.changedKeys }),
    ...(step.replaceKeys.length > 0 && { replaceReasons: step.replaceKeys }),
    detailedDiff: Object.keys(step.detailedDiff).length > 0 ? step.detailedDiff : null,
  };
}

export function diagnosticsJson(diagnostics: readonly Diagnostic[]) {
  return diagnostics.map(({ urn, message, severity }) => ({
    ...(urn !== undefined && { urn }),
    message: stripVTControlCharacters(message),
    severity,
  }));
}

const nanosecondsPerSecond = 1e9;

/** The preview in the shape of `pulumi preview --json`. `showSames` adds unchanged resources. */
export function previewJson(result: PreviewResult, showSames: boolean): PreviewJson {
  const secret = new Set(result.config.secretKeys);
  const config: Record<string, string> = {};
  for (const [key, value] of Object.entries(result.config.values)) {
    config[key] = secret.has(key) ? maskedSecret : value;
  }
  return {
    config,
    steps: shownSteps(result.steps, showSames).map(stepJson),
    ...(result.diagnostics.length > 0 && { diagnostics: diagnosticsJson(result.diagnostics) }),
    duration: Math.round(result.durationSeconds * nanosecondsPerSecond),
    changeSummary: changeSummary(result.steps),
  };
}
