import type { Inputs, Outputs } from "./value.ts";

/** What became of a comparison between what is and what is asked. */
export interface ProviderDiff {
  /** Top-level properties that differ. Empty means no change. */
  changedKeys: string[];
  /** Those of `changedKeys` that can only be met by a new resource. */
  replaceKeys: string[];
  /** Default false: the new resource is made before the old one goes. */
  deleteBeforeReplace?: boolean;
}

/** Context of one operation. */
export interface Operation {
  urn: string;
  /** Aborted on cancel (Ctrl-C) or when `timeoutSeconds` has passed. */
  signal: AbortSignal;
  /**
   * Inputs of the explicit provider resource that the resource names (for kubernetes: `kubeconfig`,
   * `context`, …); empty for a default provider. Values that are not strings arrive as JSON text, as
   * the SDK writes them.
   */
  providerInputs: Inputs;
  /** Progress line for the person watching; must hold no secret. */
  log(line: string): void;
}

/**
 * The part of Pulumi's provider protocol that the embedded engine needs, as plain calls.
 * Values carry no secret wrappers (the engine re-marks them). Unknowns appear in preview, in `check`
 * and `diff`, and in `diff` of an update that asks which dependents a replacement would replace; they
 * never reach `create`, `update` or `delete`. Errors are thrown; partial state is kept by
 * throwing `PartialResourceError`.
 */
export interface Provider {
  /** Type tokens served, as exact tokens or a prefix ending in "*", e.g. "tls:index/privateKey:PrivateKey". */
  readonly types: readonly string[];
  /** Inputs with defaults filled in. Throws one error that lists everything wrong. */
  check(
    type: string,
    inputs: Inputs,
    oldInputs: Inputs | undefined,
    operation: Operation,
  ): Promise<Inputs>;
  /** Compare; called only when an old state exists. Without `operation` no provider inputs are known. */
  diff(
    type: string,
    id: string,
    oldInputs: Inputs,
    oldOutputs: Outputs,
    inputs: Inputs,
    operation?: Operation,
  ): Promise<ProviderDiff>;
  create(
    type: string,
    inputs: Inputs,
    operation: Operation,
  ): Promise<{ id: string; outputs: Outputs }>;
  update(
    type: string,
    id: string,
    oldInputs: Inputs,
    oldOutputs: Outputs,
    inputs: Inputs,
    operation: Operation,
  ): Promise<Outputs>;
  delete(
    type: string,
    id: string,
    inputs: Inputs,
    outputs: Outputs,
    operation: Operation,
  ): Promise<void>;
  /** Current state, or undefined when it is gone. Returns the old outputs where nothing can be read. */
  read(
    type: string,
    id: string,
    inputs: Inputs,
    outputs: Outputs,
    operation: Operation,
  ): Promise<Outputs | undefined>;
  /**
   * Looks for what an earlier `create` of this URN left when the engine was killed before it could
   * note the result; undefined when there is nothing. Without this method the engine calls `create`
   * again, so `create` must then be safe to repeat.
   */
  adopt?(
    type: string,
    inputs: Inputs,
    operation: Operation,
  ): Promise<{ id: string; outputs: Outputs } | undefined>;
  /** Outputs that an update cannot change; in a preview of an update all others are unknown unless they are inputs. */
  stableOutputs?(type: string): readonly string[];
  /** Output names that are secret whatever the program says, e.g. ["privateKeyPem"]. */
  secretOutputs(type: string): readonly string[];
}

/** Creation or update reached the other side and then failed: what exists must be remembered. */
export class PartialResourceError extends Error {
  readonly id: string;
  readonly outputs: Outputs;

  constructor(message: string, id: string, outputs: Outputs) {
    super(message);
    this.name = "PartialResourceError";
    this.id = id;
    this.outputs = outputs;
  }
}
