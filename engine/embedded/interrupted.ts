import type { Snapshot } from "./checkpoint.ts";
import type { DeploymentOptions } from "./deployment.ts";
import type { LiveSnapshot } from "./liveSnapshot.ts";
import type { Observer } from "./observer.ts";
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
    const { urn, type } = operation.resource;
    if (operation.type === "creating") continue;
    live.end(operation);
    const state = snapshot.resources.find(
      (candidate) => candidate.urn === urn && candidate.id === operation.resource.id,
    );
    if (state === undefined) continue;
    const provider = providerFor(type);
    if (operation.type === "deleting" && provider !== undefined && state.id !== undefined) {
      const inputs = revealAll(state.inputs);
      const outputs = revealAll(state.outputs);
      const found = await provider.read(type, state.id, inputs, outputs, {
        urn,
        signal: options.abort,
        providerInputs: {},
        log: (message) => options.observer.diagnostic({ severity: "info", message, urn }),
      });
      if (found === undefined) {
        live.remove(state);
        continue;
      }
    }
    state.initErrors = [`an earlier run was killed while it was ${operation.type} this resource`];
    live.changed(state);
  }
  if (snapshot.pendingOperations.length > 0) await live.flush();
}
