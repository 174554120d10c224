import type { DeploymentOptions } from "./deployment.ts";
import { unknownValue } from "./propertyCodec.ts";
import type { Goal, ResourceState } from "./resourceState.ts";
import { makeUrn, providerTypeOf, splitProviderReference } from "./urn.ts";
import type { Inputs } from "./value.ts";
import { revealAll } from "./values.ts";

/** Inputs of a default provider that are not configuration. */
const versionKey = "version";

/** The providers of a run: explicit ones as the program registers them, default ones on demand. */
export class ProviderDirectory {
  readonly #options: Pick<
    DeploymentOptions,
    "project" | "stack" | "config" | "disabledDefaultProviders" | "olds"
  >;
  readonly #place: (goal: Goal) => Promise<ResourceState>;
  readonly #byUrn = new Map<string, Inputs>();
  readonly #defaults = new Map<string, Promise<string>>();

  constructor(
    options: Pick<
      DeploymentOptions,
      "project" | "stack" | "config" | "disabledDefaultProviders" | "olds"
    >,
    place: (goal: Goal) => Promise<ResourceState>,
  ) {
    this.#options = options;
    this.#place = place;
    for (const old of options.olds) if (old.type.startsWith(providerTypeOf(""))) this.add(old);
  }

  add(state: ResourceState): void {
    this.#byUrn.set(state.urn, revealAll(state.inputs));
  }

  /** Configuration of a provider; empty for none. */
  inputsOf(reference: string | undefined): Inputs {
    if (reference === undefined) return {};
    return this.#byUrn.get(splitProviderReference(reference).urn) ?? {};
  }

  /** Reference to the default provider of a package, made at first use. Throws where it is disabled. */
  defaultFor(packageName: string, version: string | undefined): Promise<string> {
    const { disabledDefaultProviders: disabled } = this.#options;
    if (packageName !== "pulumi" && (disabled.has("*") || disabled.has(packageName))) {
      throw new Error(
        `default provider for ${JSON.stringify(packageName)} disabled: pass an explicit \`provider\``,
      );
    }
    const name = version === undefined ? "default" : `default_${version.replace(/[^\w]/g, "_")}`;
    const key = `${packageName} ${name}`;
    let reference = this.#defaults.get(key);
    if (reference === undefined) {
      reference = this.#place(this.#goal(packageName, name, version)).then(
        (state) => `${state.urn}::${state.id ?? unknownValue}`,
      );
      this.#defaults.set(key, reference);
    }
    return reference;
  }

  #goal(packageName: string, name: string, version: string | undefined): Goal {
    const { project, stack, config } = this.#options;
    const type = providerTypeOf(packageName);
    const prefix = `${packageName}:`;
    const inputs: Inputs = {};
    for (const [key, value] of Object.entries(config)) {
      if (key.startsWith(prefix)) inputs[key.slice(prefix.length)] = value;
    }
    if (version !== undefined) inputs[versionKey] = version;
    return {
      urn: makeUrn(stack, project, undefined, type, name),
      type,
      name,
      custom: true,
      remote: false,
      parent: undefined,
      inputs,
      protect: false,
      retainOnDelete: false,
      dependencies: [],
      propertyDependencies: {},
      provider: undefined,
      deletedWith: undefined,
      additionalSecretOutputs: [],
      aliases: [],
      ignoreChanges: [],
      replaceOnChanges: [],
      customTimeouts: undefined,
      deleteBeforeReplace: undefined,
      replaceWith: [],
      hideDiffs: [],
    };
  }
}

/** Configuration of the provider that a resource of a saved state names; empty for none. */
export function providerInputsOf(
  reference: string | undefined,
  states: readonly ResourceState[],
): Inputs {
  if (reference === undefined) return {};
  const { urn } = splitProviderReference(reference);
  const provider = states.find((state) => state.urn === urn && !state.pendingDelete);
  return provider === undefined ? {} : revealAll(provider.inputs);
}
