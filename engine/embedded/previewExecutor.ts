import type { Executor, StepContext } from "./executor.ts";
import type { Step } from "./planner.ts";
import type { ResourceState } from "./resourceState.ts";
import { isProviderType } from "./urn.ts";
import { type Outputs, Secret, Unknown, type Value } from "./value.ts";
import { hasUnknown, sameValue, setOwn } from "./values.ts";

/** Predicts outcomes and touches nothing. What cannot be known before it exists stays unknown. */
export const previewExecutor: Executor = {
  async create(step, context) {
    const { after } = step;
    if (after === undefined) return;
    after.outputs = after.custom && !context.remote ? { ...after.inputs } : {};
    for (const key of secretOutputs(after, context)) {
      const output = after.outputs[key] ?? Unknown.value;
      after.outputs[key] = output instanceof Secret ? output : new Secret(output);
    }
  },
  async update(step, context) {
    if (step.after !== undefined) step.after.outputs = updatedOutputs(step, context);
  },
  async keep() {},
  async delete() {},
  async outputsChanged() {},
};

function secretOutputs(state: ResourceState, context: StepContext): Set<string> {
  if (!state.custom || context.remote || isProviderType(state.type)) return new Set();
  const always = context.provider?.secretOutputs(state.type) ?? [];
  return new Set([...always, ...state.additionalSecretOutputs]);
}

/**
 * After an update inputs are themselves. Other outputs stay where the provider is not here to ask
 * (it decides on the real run), and are unknown where it is, but for those it calls stable.
 */
function updatedOutputs(step: Step, context: StepContext): Outputs {
  const { before, after } = step;
  if (before === undefined || after === undefined) return {};
  const stable = new Set(context.provider?.stableOutputs?.(after.type) ?? []);
  const outputs: Outputs = {};
  for (const key of Object.keys(before.outputs)) {
    const old = before.outputs[key] as Value;
    if (Object.hasOwn(after.inputs, key)) continue;
    const wasInput = Object.hasOwn(before.inputs, key);
    if (wasInput && context.provider === undefined) continue;
    const keeps = context.provider === undefined || stable.has(key);
    const unknown = old instanceof Secret ? new Secret(Unknown.value) : Unknown.value;
    setOwn(outputs, key, keeps ? old : unknown);
  }
  for (const key of Object.keys(after.inputs)) {
    setOwn(outputs, key, outputOfInput(key, before, after));
  }
  return outputs;
}

/** An input that did not change keeps what the provider made of it. */
function outputOfInput(key: string, before: ResourceState, after: ResourceState): Value {
  const input = after.inputs[key] as Value;
  const [oldInput, oldOutput] = [before.inputs[key], before.outputs[key]];
  const unchanged = oldInput !== undefined && !hasUnknown(input) && sameValue(oldInput, input);
  return unchanged && oldOutput !== undefined ? oldOutput : input;
}
