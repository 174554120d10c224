import { structuralDiff } from "./diff.ts";
import { ignoreChanges } from "./propertyPath.ts";
import type { Operation, Provider, ProviderDiff } from "./provider.ts";
import type { Goal, ResourceState } from "./resourceState.ts";
import type { Inputs } from "./value.ts";
import { remarkSecrets, revealAll } from "./values.ts";

/** Inputs as the provider would have them: old values where changes are ignored, defaults filled in. */
export async function checkedInputs(
  goal: Goal,
  before: ResourceState | undefined,
  provider: Provider | undefined,
  operation: Operation,
): Promise<Inputs> {
  const inputs =
    before === undefined || goal.ignoreChanges.length === 0
      ? goal.inputs
      : ignoreChanges(goal.inputs, before.inputs, goal.ignoreChanges);
  if (provider === undefined) return inputs;
  const oldInputs = before === undefined ? undefined : revealAll(before.inputs);
  const checked = await provider.check(goal.type, revealAll(inputs), oldInputs, operation);
  return remarkSecrets(checked, inputs, []);
}

/** The provider's comparison; a structural one for kinds without a provider here. */
export async function compare(
  before: ResourceState,
  inputs: Inputs,
  provider: Provider | undefined,
  operation: Operation,
): Promise<ProviderDiff> {
  if (provider === undefined || before.id === undefined) {
    return structuralDiff(before.inputs, inputs);
  }
  return provider.diff(
    before.type,
    before.id,
    revealAll(before.inputs),
    revealAll(before.outputs),
    revealAll(inputs),
    operation,
  );
}
