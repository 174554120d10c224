import { writeAtomically } from "./atomicFile.ts";
import {
  checkpointVersion,
  deploymentHead,
  encodeResource,
  type PendingOperation,
  type Snapshot,
} from "./checkpoint.ts";
import { CheckpointCodec, type SecretSealer } from "./propertyCodec.ts";
import type { ResourceState } from "./resourceState.ts";

export interface SnapshotTarget {
  file: string;
  project: string;
  stack: string;
  saltText: string;
  sealer: SecretSealer;
}

/** Version of Pulumi whose format is written. */
const formatVersion = "v3.270.0";

/**
 * The state of a stack while a run changes it. Every change is on disk when `flush` resolves.
 * Changes that come while a write is under way share the next one, and each resource is encoded
 * once for as long as it stays the same.
 */
export class LiveSnapshot {
  readonly #target: SnapshotTarget;
  readonly #codec: CheckpointCodec;
  readonly #olds: ResourceState[];
  readonly #gone = new Set<ResourceState>();
  readonly #news = new Set<ResourceState>();
  readonly #pending = new Set<PendingOperation>();
  readonly #encoded = new WeakMap<ResourceState, string>();
  #writing: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  constructor(snapshot: Snapshot, target: SnapshotTarget) {
    this.#target = target;
    this.#codec = new CheckpointCodec(target.sealer);
    this.#olds = [...snapshot.resources];
    for (const operation of snapshot.pendingOperations) this.#pending.add(operation);
  }

  begin(operation: PendingOperation): void {
    this.#pending.add(operation);
  }

  end(operation: PendingOperation): void {
    this.#pending.delete(operation);
  }

  add(state: ResourceState): void {
    this.#news.add(state);
    this.#encoded.delete(state);
  }

  remove(state: ResourceState): void {
    this.#gone.add(state);
    this.#news.delete(state);
  }

  /** The state's own fields changed. */
  changed(state: ResourceState): void {
    this.#encoded.delete(state);
  }

  /** New resources first, each after what it needs; then the old ones that still are. */
  resources(): ResourceState[] {
    return [...this.#news, ...this.#olds.filter((state) => !this.#gone.has(state))];
  }

  /** Resolves when everything up to now is on disk. */
  flush(): Promise<void> {
    this.#queued ??= this.#writing
      .catch(() => {})
      .then(() => {
        this.#queued = undefined;
        this.#writing = writeAtomically(this.#target.file, this.#content());
        return this.#writing;
      });
    return this.#queued;
  }

  #content(): string {
    const { project, stack, saltText } = this.#target;
    const head = deploymentHead(saltText, new Date().toISOString(), formatVersion);
    const resources = this.resources().map((state) => this.#encode(state));
    const pending = [...this.#pending].map(
      ({ resource, type }) => `{"resource":${this.#encode(resource)},"type":"${type}"}`,
    );
    // Put together from encoded parts: encoding everything anew for every step would be quadratic.
    const latest = [
      JSON.stringify(head).slice(1, -1),
      `"resources":[\n${resources.join(",\n")}\n]`,
      ...(pending.length === 0 ? [] : [`"pending_operations":[\n${pending.join(",\n")}\n]`]),
      '"metadata":{}',
    ].join(",");
    const name = JSON.stringify(`organization/${project}/${stack}`);
    return `{"version":${checkpointVersion},"checkpoint":{"stack":${name},"latest":{${latest}}}}\n`;
  }

  #encode(state: ResourceState): string {
    let text = this.#encoded.get(state);
    if (text === undefined) {
      text = JSON.stringify(encodeResource(state, this.#codec));
      this.#encoded.set(state, text);
    }
    return text;
  }
}
