import { createHash } from "node:crypto";
import {
  CheckpointCodec,
  encodeMaskedMap,
  type Json,
  type JsonMap,
  type SecretSealer,
} from "./propertyCodec.ts";
import type { CustomTimeouts, ResourceState } from "./resourceState.ts";
import type { Outputs } from "./value.ts";

/** Pulumi's checkpoint, version 3, as its file backend writes it. */
export const checkpointVersion = 3;

/** An operation that had begun when the checkpoint was written. */
export interface PendingOperation {
  resource: ResourceState;
  type: "creating" | "updating" | "deleting" | "reading" | "importing";
}

/** The content of a checkpoint. */
export interface Snapshot {
  resources: ResourceState[];
  pendingOperations: PendingOperation[];
  /** Salt that its secrets are sealed under; undefined while there are none. */
  saltText: string | undefined;
}

export const emptySnapshot: Snapshot = {
  resources: [],
  pendingOperations: [],
  saltText: undefined,
};

/** How property maps are written in one place or another. */
type EncodeMap = (properties: Outputs) => JsonMap;

/** A resource as the checkpoint holds it. */
export function encodeResource(state: ResourceState, codec: CheckpointCodec): JsonMap {
  return resourceJson(state, (properties) => codec.encodeMap(properties));
}

/** A resource as previews show it: the same, with secrets masked. */
export function encodeMaskedResource(state: ResourceState): JsonMap {
  return resourceJson(state, encodeMaskedMap);
}

function resourceJson(state: ResourceState, encode: EncodeMap): JsonMap {
  const { propertyDependencies } = state;
  return withoutEmpty({
    urn: state.urn,
    custom: state.custom,
    delete: state.pendingDelete,
    id: state.id,
    type: state.type,
    inputs: encode(state.inputs),
    outputs: encode(state.outputs),
    parent: state.parent,
    protect: state.protect,
    external: state.external,
    dependencies: state.dependencies,
    initErrors: state.initErrors,
    provider: state.provider,
    propertyDependencies: propertyDependencies as JsonMap,
    pendingReplacement: state.pendingReplacement,
    additionalSecretOutputs: state.additionalSecretOutputs,
    aliases: state.aliases,
    customTimeouts: timeoutsJson(state.customTimeouts),
    retainOnDelete: state.retainOnDelete,
    deletedWith: state.deletedWith,
    created: state.created,
    modified: state.modified,
    ignoreChanges: state.ignoreChanges,
    replaceOnChanges: state.replaceOnChanges,
  });
}

/** Pulumi leaves out what is empty, but for `custom`. */
function withoutEmpty(fields: Record<string, Json | undefined>): JsonMap {
  const result: JsonMap = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || value === null || (value === false && key !== "custom")) continue;
    if (typeof value === "object" && Object.keys(value).length === 0) continue;
    result[key] = value;
  }
  return result;
}

/** Pulumi counts these in seconds. */
function timeoutsJson(timeouts: CustomTimeouts | undefined): JsonMap | undefined {
  if (timeouts === undefined) return undefined;
  return withoutEmpty({
    create: timeouts.createSeconds,
    update: timeouts.updateSeconds,
    delete: timeouts.deleteSeconds,
  });
}

/** Reads a resource back. Throws on what is no resource. */
export function decodeResource(json: JsonMap, codec: CheckpointCodec): ResourceState {
  if (typeof json.urn !== "string" || typeof json.type !== "string") {
    throw new Error("a resource of the checkpoint has no `urn` or no `type`");
  }
  return {
    urn: json.urn,
    type: json.type,
    custom: json.custom === true,
    pendingDelete: json.delete === true,
    id: text(json.id),
    inputs: codec.decodeMap(map(json.inputs)),
    outputs: codec.decodeMap(map(json.outputs)),
    parent: text(json.parent),
    protect: json.protect === true,
    external: json.external === true,
    dependencies: texts(json.dependencies),
    initErrors: texts(json.initErrors),
    provider: text(json.provider),
    propertyDependencies: Object.fromEntries(
      Object.entries(map(json.propertyDependencies)).map(([key, urns]) => [key, texts(urns)]),
    ),
    pendingReplacement: json.pendingReplacement === true,
    additionalSecretOutputs: texts(json.additionalSecretOutputs),
    aliases: texts(json.aliases),
    customTimeouts: decodeTimeouts(json.customTimeouts),
    retainOnDelete: json.retainOnDelete === true,
    deletedWith: text(json.deletedWith),
    created: text(json.created),
    modified: text(json.modified),
    ignoreChanges: texts(json.ignoreChanges),
    replaceOnChanges: texts(json.replaceOnChanges),
  };
}

function decodeTimeouts(json: Json | undefined): CustomTimeouts | undefined {
  const { create, update, delete: remove } = map(json);
  const timeouts: CustomTimeouts = {};
  if (typeof create === "number") timeouts.createSeconds = create;
  if (typeof update === "number") timeouts.updateSeconds = update;
  if (typeof remove === "number") timeouts.deleteSeconds = remove;
  return Object.keys(timeouts).length === 0 ? undefined : timeouts;
}

/** The deployment inside a checkpoint file or an export. Throws on another version or shape. */
export function deploymentOf(document: unknown): JsonMap {
  const file = map(document as Json);
  if (file.version !== checkpointVersion) {
    throw new Error(
      `checkpoint version ${JSON.stringify(file.version)}; only ${checkpointVersion} is understood`,
    );
  }
  const deployment = file.deployment ?? map(file.checkpoint).latest ?? {};
  return map(deployment);
}

/** Salt of a deployment's secrets. Throws when they are sealed by another scheme than a passphrase. */
export function saltOf(deployment: JsonMap): string | undefined {
  const provider = map(deployment.secrets_providers);
  if (provider.type === undefined || provider.type === "") return undefined;
  if (provider.type !== "passphrase") {
    throw new Error(
      `the state's secrets are sealed by ${JSON.stringify(provider.type)}; the embedded engine reads passphrase secrets only`,
    );
  }
  return text(map(provider.state).salt);
}

/** Reads a deployment. `sealer` is needed only where it holds ciphertext. */
export function decodeDeployment(deployment: JsonMap, sealer: SecretSealer): Snapshot {
  const codec = new CheckpointCodec(sealer);
  return {
    resources: list(deployment.resources).map((item) => decodeResource(map(item), codec)),
    pendingOperations: list(deployment.pending_operations).map((item) => ({
      resource: decodeResource(map(map(item).resource), codec),
      type: (text(map(item).type) ?? "creating") as PendingOperation["type"],
    })),
    saltText: saltOf(deployment),
  };
}

/** Head of a deployment: who wrote it, and how its secrets are sealed. */
export function deploymentHead(
  saltText: string | undefined,
  time: string,
  version: string,
): JsonMap {
  const head: JsonMap = {
    manifest: { time, magic: createHash("sha256").update(version).digest("hex"), version },
  };
  if (saltText !== undefined) {
    head.secrets_providers = { type: "passphrase", state: { salt: saltText } };
  }
  return head;
}

function map(json: Json | undefined): JsonMap {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
}

function list(json: Json | undefined): Json[] {
  return Array.isArray(json) ? json : [];
}

function text(json: Json | undefined): string | undefined {
  return typeof json === "string" ? json : undefined;
}

function texts(json: Json | undefined): string[] {
  return list(json).filter((item) => typeof item === "string");
}
