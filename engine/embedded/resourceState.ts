import { isProviderType, rootStackType } from "./urn.ts";
import type { Inputs, Outputs } from "./value.ts";

/** What a resource may wait for at most, in seconds; undefined means the provider's own default. */
export interface CustomTimeouts {
  createSeconds?: number;
  updateSeconds?: number;
  deleteSeconds?: number;
}

/** Options that the program gives and the state keeps. */
export interface ResourceOptions {
  protect: boolean;
  retainOnDelete: boolean;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  /** `<provider URN>::<provider id>`; undefined for components. */
  provider: string | undefined;
  deletedWith: string | undefined;
  additionalSecretOutputs: string[];
  /** URNs under which the resource may stand in an older state. */
  aliases: string[];
  ignoreChanges: string[];
  replaceOnChanges: string[];
  customTimeouts: CustomTimeouts | undefined;
}

/** One resource as the program asks for it. */
export interface Goal extends ResourceOptions {
  urn: string;
  type: string;
  name: string;
  /** False for components. */
  custom: boolean;
  /** A component of another package; its children are made elsewhere. */
  remote: boolean;
  parent: string | undefined;
  inputs: Inputs;
  /** Undefined leaves it to the provider. */
  deleteBeforeReplace: boolean | undefined;
  /** Replaced whenever one of these URNs is. */
  replaceWith: string[];
  hideDiffs: string[];
}

/** One resource as it is, or as a preview expects it to be. */
export interface ResourceState extends ResourceOptions {
  urn: string;
  type: string;
  custom: boolean;
  /** Undefined for components, and in a preview of a creation. */
  id: string | undefined;
  parent: string | undefined;
  inputs: Inputs;
  outputs: Outputs;
  /** Read, not managed. */
  external: boolean;
  /** Replaced already; waits to be deleted. */
  pendingDelete: boolean;
  /** Deleted already, to be made anew. */
  pendingReplacement: boolean;
  /** Why the last operation came to an end half-way. */
  initErrors: string[];
  created: string | undefined;
  modified: string | undefined;
}

/** The state that a goal becomes. */
export function stateOf(
  goal: Goal,
  result: { inputs: Inputs; outputs: Outputs; id: string | undefined },
): ResourceState {
  return {
    urn: goal.urn,
    type: goal.type,
    custom: goal.custom,
    parent: goal.parent,
    protect: goal.protect,
    retainOnDelete: goal.retainOnDelete,
    dependencies: goal.dependencies,
    propertyDependencies: goal.propertyDependencies,
    provider: goal.provider,
    deletedWith: goal.deletedWith,
    additionalSecretOutputs: goal.additionalSecretOutputs,
    aliases: goal.aliases,
    ignoreChanges: goal.ignoreChanges,
    replaceOnChanges: goal.replaceOnChanges,
    customTimeouts: goal.customTimeouts,
    external: false,
    pendingDelete: false,
    pendingReplacement: false,
    initErrors: [],
    created: undefined,
    modified: undefined,
    ...result,
  };
}

/** The state of a resource that is read and not managed. */
export function externalState(read: {
  urn: string;
  type: string;
  id: string;
  parent: string | undefined;
  provider: string;
  inputs: Inputs;
  outputs: Outputs;
  dependencies: string[];
}): ResourceState {
  return {
    urn: read.urn,
    type: read.type,
    custom: true,
    id: read.id,
    parent: read.parent,
    provider: read.provider,
    inputs: read.inputs,
    outputs: read.outputs,
    dependencies: read.dependencies,
    propertyDependencies: {},
    protect: false,
    retainOnDelete: false,
    deletedWith: undefined,
    additionalSecretOutputs: [],
    aliases: [],
    ignoreChanges: [],
    replaceOnChanges: [],
    customTimeouts: undefined,
    external: true,
    pendingDelete: false,
    pendingReplacement: false,
    initErrors: [],
    created: undefined,
    modified: undefined,
  };
}

/** True for resources that some provider must make; components and providers are records only. */
export function needsProvider(state: ResourceState): boolean {
  return state.custom && !isProviderType(state.type);
}

/** The stack's own resource among the states of a run. */
export function rootStackOf(states: Iterable<ResourceState>): ResourceState | undefined {
  for (const state of states) if (state.type === rootStackType) return state;
  return undefined;
}
