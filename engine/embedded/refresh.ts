import type { ApplyOptions, ApplyResult } from "./apply.ts";
import type { DeploymentOptions } from "./deployment.ts";
import { detailedDiff } from "./diff.ts";
import type { LiveSnapshot } from "./liveSnapshot.ts";
import { ParallelLimit } from "./parallelLimit.ts";
import { newStep, type Step } from "./planner.ts";
import { providerInputsOf } from "./providerDirectory.ts";
import { needsProvider, type ResourceState } from "./resourceState.ts";
import { remarkSecrets, revealAll, sameMap } from "./values.ts";

/** Reads every resource that has a provider here, and writes the state once at the end. */
export async function refreshResources(
  options: ApplyOptions,
  live: LiveSnapshot,
  providerFor: DeploymentOptions["providerFor"],
): Promise<ApplyResult> {
  const states = live.resources();
  const limit = new ParallelLimit(options.parallel);
  const refreshOne = async (state: ResourceState): Promise<Step | undefined> => {
    const provider = providerFor(state.type);
    if (provider === undefined || !needsProvider(state) || state.id === undefined) return undefined;
    if (options.stop.aborted || state.pendingReplacement) return undefined;
    const step = newStep("refresh", { ...state }, state);
    const operation = {
      urn: state.urn,
      signal: options.abort,
      providerInputs: providerInputsOf(state.provider, states),
      log: (message: string) =>
        options.observer.diagnostic({ severity: "info", message, urn: state.urn }),
    };
    options.observer.stepStarted(step);
    const inputs = revealAll(state.inputs);
    const found = await provider.read(
      state.type,
      state.id,
      inputs,
      revealAll(state.outputs),
      operation,
    );
    if (found === undefined) {
      live.remove(state);
      step.operation = "delete";
      step.after = undefined;
    } else {
      const secretKeys = [...provider.secretOutputs(state.type), ...state.additionalSecretOutputs];
      const present = secretKeys.filter((key) => Object.hasOwn(found, key));
      const outputs = remarkSecrets(found, state.inputs, present);
      noteOutputs(step, state, outputs, live);
    }
    options.observer.stepDone(step);
    return step;
  };
  const results = await Promise.allSettled(
    states.map((state) => limit.run(() => refreshOne(state))),
  );
  const steps: Step[] = [];
  let succeeded = !options.stop.aborted;
  results.forEach((result, index) => {
    if (result.status === "fulfilled") {
      if (result.value !== undefined) steps.push(result.value);
      return;
    }
    succeeded = false;
    const urn = states[index]?.urn;
    const message = result.reason instanceof Error ? result.reason.message : String(result.reason);
    options.observer.diagnostic({ severity: "error", message, urn });
  });
  await live.flush();
  return { succeeded, steps, states: live.resources() };
}

function noteOutputs(
  step: Step,
  state: ResourceState,
  outputs: ResourceState["outputs"],
  live: LiveSnapshot,
): void {
  if (sameMap(state.outputs, outputs)) {
    step.operation = "same";
    return;
  }
  step.operation = "update";
  step.detailedDiff = detailedDiff(state.outputs, outputs, []);
  step.changedKeys = [
    ...new Set(Object.keys(step.detailedDiff).map((path) => path.split(/[.[]/)[0] ?? path)),
  ];
  state.outputs = outputs;
  state.modified = new Date().toISOString();
  live.changed(state);
}
