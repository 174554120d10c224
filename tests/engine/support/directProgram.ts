import type { ProgramRunOptions } from "../../../engine/embedded/programRun.ts";
import type { Registration } from "../../../engine/embedded/registration.ts";
import type { ResourceState } from "../../../engine/embedded/resourceState.ts";
import { type Inputs, Secret, Unknown, type Value } from "../../../engine/embedded/value.ts";

/** One resource of a test's program; `programs/things` reads the same. */
export interface ThingSpec {
  name: string;
  inputs?: Inputs;
  /** Inputs taken from the output `value` of other things. */
  from?: Record<string, string>;
  secret?: string[];
  parent?: string;
  dependsOn?: string[];
  component?: boolean;
  type?: string;
  options?: Partial<Registration>;
  aliases?: string[];
  deletedWith?: string;
}

/**
 * A program without a process: registers the specs, each as soon as what it names is registered,
 * as the SDK would. Ends like a program, with an exit.
 */
export function directProgram(specs: readonly ThingSpec[]) {
  return async (options: ProgramRunOptions) => {
    const deployment = await options.deployment;
    const root = await deployment.register(
      registrationOf({ name: "things-test" }, new Map(), {
        type: "pulumi:pulumi:Stack",
        custom: false,
        parent: undefined,
      }),
    );
    const made = new Map<string, Promise<ResourceState>>();
    for (const spec of specs) {
      const needed = namesNeededBy(spec).map((name) => made.get(name));
      made.set(
        spec.name,
        Promise.all(needed).then(async () => {
          const states = new Map<string, ResourceState>();
          for (const [name, state] of made) {
            if (namesNeededBy(spec).includes(name)) states.set(name, await state);
          }
          const parent = spec.parent === undefined ? root.urn : states.get(spec.parent)?.urn;
          return deployment.register(registrationOf(spec, states, { parent }));
        }),
      );
    }
    const results = await Promise.allSettled(made.values());
    const succeeded = results.every(({ status }) => status === "fulfilled");
    return { succeeded, reported: true, description: "end of the test's program" };
  };
}

function namesNeededBy(spec: ThingSpec): string[] {
  const { parent, deletedWith, dependsOn = [], from = {} } = spec;
  return [parent, deletedWith, ...dependsOn, ...Object.values(from)].filter(
    (name) => name !== undefined,
  );
}

function registrationOf(
  spec: ThingSpec,
  states: ReadonlyMap<string, ResourceState>,
  overrides: Partial<Registration>,
): Registration {
  const inputs: Inputs = { ...spec.inputs };
  const propertyDependencies: Record<string, string[]> = {};
  for (const key of spec.secret ?? []) inputs[key] = new Secret(inputs[key] ?? null);
  for (const [key, name] of Object.entries(spec.from ?? {})) {
    inputs[key] = (states.get(name)?.outputs.value ?? Unknown.value) as Value;
    propertyDependencies[key] = [states.get(name)?.urn ?? ""];
  }
  const explicit = (spec.dependsOn ?? []).map((name) => states.get(name)?.urn ?? "");
  const custom = spec.component !== true;
  return {
    type: spec.type ?? (custom ? "test:index:Thing" : "test:index:Group"),
    name: spec.name,
    custom,
    remote: false,
    parent: undefined,
    inputs,
    protect: false,
    retainOnDelete: false,
    dependencies: [...explicit, ...Object.values(propertyDependencies).flat()],
    propertyDependencies,
    provider: undefined,
    deletedWith: spec.deletedWith === undefined ? undefined : states.get(spec.deletedWith)?.urn,
    additionalSecretOutputs: [],
    aliases: (spec.aliases ?? []).map((name) => ({ name })),
    ignoreChanges: [],
    replaceOnChanges: [],
    customTimeouts: undefined,
    deleteBeforeReplace: undefined,
    replaceWith: [],
    hideDiffs: [],
    version: undefined,
    transforms: [],
    refusedOptions: [],
    ...spec.options,
    ...overrides,
  };
}
