import type { Snapshot } from "./checkpoint.ts";
import type { DeploymentOptions } from "./deployment.ts";
import type { LiveSnapshot } from "./liveSnapshot.ts";
import type { Observer } from "./observer.ts";
import { providerInputsOf } from "./providerDirectory.ts";
import type { ResourceState } from "./resourceState.ts";
import { revealAll } from "./values.ts";

/**
 * Brings a state in order that a killed run left with operations under way. An interrupted update
 * is done again whatever the program says now; after an interrupted deletion the resource is looked
 * up, and forgotten when it is gone. Interrupted creations are left to the creation that follows:
 * it adopts what is there where its provider can tell, and otherwise creates again, which every
 * provider here can bear.
 */
export async function reconcileInterrupted(
  snapshot: Snapshot,
  live: LiveSnapshot,
  providerFor: DeploymentOptions["providerFor"],
  options: { observer: Observer; abort: AbortSignal },
): Promise<void> {
  for (const operation of snapshot.pendingOperations) {
    const { urn } = operation.resource;
    if (operation.type === "creating") continue;
    live.end(operation);
    const state = snapshot.resources.find(
      (candidate) => candidate.urn === urn && candidate.id === operation.resource.id,
    );
    if (state === undefined) continue;
    if (operation.type === "deleting" && (await isGone(state, snapshot, providerFor, options))) {
      live.remove(state);
      continue;
    }
    state.initErrors = [`an earlier run was killed while it was ${operation.type} this resource`];
    live.changed(state);
  }
  if (snapshot.pendingOperations.length > 0) await live.flush();
}

/** True only when its provider says so; who cannot be asked, or does not answer, says nothing. */
async function isGone(
  state: ResourceState,
  snapshot: Snapshot,
  providerFor: DeploymentOptions["providerFor"],
  options: { observer: Observer; abort: AbortSignal },
): Promise<boolean> {
  const { urn, type, id } = state;
  const provider = providerFor(type);
  if (provider === undefined || id === undefined) return false;
  const operation = {
    urn,
    signal: options.abort,
    providerInputs: providerInputsOf(state.provider, snapshot.resources),
    log: (message: string) => options.observer.diagnostic({ severity: "info", message, urn }),
  };
  const inputs = revealAll(state.inputs);
  try {
    return (
      (await provider.read(type, id, inputs, revealAll(state.outputs), operation)) === undefined
    );
  } catch {
    return false;
  }
}
