import { detailedDiff, structuralDiff, withReplaceOnChanges } from "./diff.ts";
import { newStep, type Step } from "./planner.ts";
import { decodeWireMap, encodeMaskedMap } from "./propertyCodec.ts";
import type { ResourceState } from "./resourceState.ts";

/**
 * What a change from one planned or saved set of resources to another does: the steps that bring
 * `before` to `after`, matched by URN and aliases. Which properties force a replacement is known to
 * providers alone, so a difference is an update unless the program says `replaceOnChanges`.
 */
export function compareStates(
  before: readonly ResourceState[],
  after: readonly ResourceState[],
): Step[] {
  const olds = new Map<string, ResourceState>();
  for (const state of before) if (!state.pendingDelete) olds.set(state.urn, state);
  const steps = after.map((state) => {
    const urn = [state.urn, ...state.aliases].find((candidate) => olds.has(candidate));
    const old = urn === undefined ? undefined : olds.get(urn);
    if (urn !== undefined) olds.delete(urn);
    return stepBetween(old, state);
  });
  for (const old of [...olds.values()].reverse()) steps.push(stepBetween(old, undefined));
  return steps;
}

function stepBetween(before: ResourceState | undefined, after: ResourceState | undefined): Step {
  const step = newStep(before === undefined ? "create" : "delete", before, after);
  if (before === undefined || after === undefined) return step;
  const diff = withReplaceOnChanges(
    structuralDiff(before.inputs, after.inputs),
    before.inputs,
    after.inputs,
    after.replaceOnChanges,
  );
  const { changedKeys, replaceKeys } = diff;
  const operation = replaceKeys.length > 0 ? "replace" : changedKeys.length > 0 ? "update" : "same";
  return {
    ...step,
    operation,
    changedKeys,
    replaceKeys,
    detailedDiff: detailedDiff(before.inputs, after.inputs, replaceKeys),
  };
}

/** The same resource with its secrets masked for good, to stand beside one that was saved masked. */
export function maskedState(state: ResourceState): ResourceState {
  return {
    ...state,
    inputs: decodeWireMap(encodeMaskedMap(state.inputs)),
    outputs: decodeWireMap(encodeMaskedMap(state.outputs)),
  };
}
