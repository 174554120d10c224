import { type DetailedDiff, detailedDiff, withReplaceOnChanges } from "./diff.ts";
import type { ProviderDiff } from "./provider.ts";
import type { Goal, ResourceState } from "./resourceState.ts";
import { nameOf, splitProviderReference } from "./urn.ts";
import { type Inputs, Unknown, type Value } from "./value.ts";
import { sameMap } from "./values.ts";

/** Pulumi's names of step operations. */
export type StepOperation =
  | "same"
  | "create"
  | "update"
  | "replace"
  | "create-replacement"
  | "delete"
  | "delete-replaced"
  | "read"
  | "refresh"
  | "remove-pending-replace";

/** One operation on one resource, planned or done. */
export interface Step {
  operation: StepOperation;
  urn: string;
  type: string;
  before: ResourceState | undefined;
  after: ResourceState | undefined;
  /** Top-level properties that differ. */
  changedKeys: string[];
  /** Top-level properties that force a replacement. */
  replaceKeys: string[];
  detailedDiff: DetailedDiff;
  /** The deletion of something that an earlier run replaced and did not come to delete. */
  leftOver?: boolean;
  /** A component of another package, whose provider must make it. */
  remote?: boolean;
}

/** A step without differences. */
export function newStep(
  operation: StepOperation,
  before: ResourceState | undefined,
  after: ResourceState | undefined,
): Step {
  const { urn = "", type = "" } = after ?? before ?? {};
  return {
    operation,
    urn,
    type,
    before,
    after,
    changedKeys: [],
    replaceKeys: [],
    detailedDiff: {},
  };
}

/** What is to be done for one registered resource. */
export type Decision =
  | { kind: "create" }
  | { kind: "same"; stateChanged: boolean }
  | { kind: "update"; changedKeys: string[]; detailedDiff: DetailedDiff }
  | {
      kind: "replace";
      deleteBefore: boolean;
      changedKeys: string[];
      replaceKeys: string[];
      detailedDiff: DetailedDiff;
    };

/** Why a resource must be replaced whatever its provider says. */
export interface ReplaceCause {
  /** The old resource is gone already: it went before something that it depends on. */
  alreadyDeleted: boolean;
  /** A resource named in `replaceWith` is replaced. */
  replacedWith: boolean;
}

/**
 * Decides what becomes of one resource. Pure: `diff` is the provider's answer, or a structural one.
 * Throws when a protected resource would be replaced.
 */
export function decide(
  before: ResourceState | undefined,
  goal: Goal,
  inputs: Inputs,
  diff: ProviderDiff,
  cause: ReplaceCause,
): Decision {
  if (before === undefined || before.external) return { kind: "create" };
  const full = withReplaceOnChanges(diff, before.inputs, inputs, goal.replaceOnChanges);
  const replaceKeys = [...full.replaceKeys];
  const changedKeys = [...new Set([...full.changedKeys, ...replaceKeys])];
  const detail = detailedDiff(before.inputs, inputs, replaceKeys);
  const gone = cause.alreadyDeleted || before.pendingReplacement;
  const replace =
    gone || cause.replacedWith || replaceKeys.length > 0 || before.custom !== goal.custom;
  if (replace) {
    if (before.protect && !gone) throw new ProtectedError(before.urn, "replaced");
    const deleteBefore = gone || (goal.deleteBeforeReplace ?? diff.deleteBeforeReplace ?? false);
    return { kind: "replace", deleteBefore, changedKeys, replaceKeys, detailedDiff: detail };
  }
  if (changedKeys.length > 0 || before.initErrors.length > 0) {
    return { kind: "update", changedKeys, detailedDiff: detail };
  }
  return { kind: "same", stateChanged: !sameRecord(before, goal, inputs) };
}

/** A resource that carries `protect` would have to go. */
export class ProtectedError extends Error {
  readonly urn: string;
  constructor(urn: string, fate: "replaced" | "deleted") {
    super(
      `resource ${JSON.stringify(nameOf(urn))} (${urn}) would be ${fate}, but it is protected: ` +
        "remove `protect` from the resource in the program, apply that first, and repeat",
    );
    this.name = "ProtectedError";
    this.urn = urn;
  }
}

/** True when nothing that the state keeps would change, so that it need not be written. */
function sameRecord(before: ResourceState, goal: Goal, inputs: Inputs): boolean {
  return (
    before.urn === goal.urn &&
    before.parent === goal.parent &&
    before.protect === goal.protect &&
    before.retainOnDelete === goal.retainOnDelete &&
    before.provider === goal.provider &&
    before.deletedWith === goal.deletedWith &&
    JSON.stringify([
      before.dependencies,
      before.propertyDependencies,
      before.additionalSecretOutputs,
      before.ignoreChanges,
      before.replaceOnChanges,
      before.customTimeouts,
    ]) ===
      JSON.stringify([
        goal.dependencies,
        goal.propertyDependencies,
        goal.additionalSecretOutputs,
        goal.ignoreChanges,
        goal.replaceOnChanges,
        goal.customTimeouts,
      ]) &&
    sameMap(before.inputs, inputs)
  );
}

/** Everything in the state that a resource needs to exist before it does. */
export function requirementsOf(state: ResourceState): Set<string> {
  const urns = new Set(state.dependencies);
  for (const list of Object.values(state.propertyDependencies))
    for (const urn of list) urns.add(urn);
  if (state.parent !== undefined) urns.add(state.parent);
  if (state.provider !== undefined) urns.add(splitProviderReference(state.provider).urn);
  if (state.deletedWith !== undefined) urns.add(state.deletedWith);
  urns.delete(state.urn);
  return urns;
}

/**
 * Resources of the old state that must go before `root` can be deleted ahead of its replacement,
 * dependents first. A dependent goes when `mustReplace` says so for its inputs with everything that
 * comes from a replaced resource unknown.
 */
export async function dependentsToReplace(
  root: ResourceState,
  olds: Iterable<ResourceState>,
  mustReplace: (state: ResourceState, inputs: Inputs) => Promise<boolean>,
): Promise<ResourceState[]> {
  const replaced = new Set([root.urn]);
  const found: ResourceState[] = [];
  for (const state of olds) {
    if (!state.custom || state.external || state.pendingDelete || replaced.has(state.urn)) continue;
    const provider = state.provider && splitProviderReference(state.provider).urn;
    const inputs = inputsWithout(state, replaced);
    const goes =
      (provider !== undefined && replaced.has(provider)) ||
      (inputs !== undefined && (await mustReplace(state, inputs)));
    if (!goes) continue;
    replaced.add(state.urn);
    found.push(state);
  }
  return found.reverse();
}

/** Inputs with the properties that come from `replaced` unknown; undefined when there are none. */
function inputsWithout(state: ResourceState, replaced: ReadonlySet<string>): Inputs | undefined {
  let result: Inputs | undefined;
  for (const [key, urns] of Object.entries(state.propertyDependencies)) {
    if (!urns.some((urn) => replaced.has(urn))) continue;
    result ??= { ...state.inputs };
    result[key] = Unknown.value as Value;
  }
  return result;
}

/** A set of deletions with, for each, the ones that must be over before it may start. */
export function deletionOrder(
  states: readonly ResourceState[],
): Map<ResourceState, Set<ResourceState>> {
  const byUrn = new Map<string, ResourceState[]>();
  for (const state of states) {
    const same = byUrn.get(state.urn);
    if (same === undefined) byUrn.set(state.urn, [state]);
    else same.push(state);
  }
  const waitsFor = new Map<ResourceState, Set<ResourceState>>();
  for (const state of states) waitsFor.set(state, new Set());
  for (const state of states) {
    for (const urn of requirementsOf(state)) {
      for (const required of byUrn.get(urn) ?? []) waitsFor.get(required)?.add(state);
    }
  }
  return waitsFor;
}
