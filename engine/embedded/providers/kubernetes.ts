import { createHash } from "node:crypto";
import { type Operation, PartialResourceError, type Provider } from "../provider.ts";
import type { Inputs, Outputs } from "../value.ts";
import { type ApiClient, ApiError, apiClient, UnreachableError } from "./kubernetes/apiClient.ts";
import {
  type ApiObject,
  annotationOf,
  fieldManagerKey,
  inputsKey,
  isPatch,
  kindOf,
  liveOf,
  metadataOf,
  nameOf,
  namespaceOf,
  outputsOf,
  withDashes,
  withMetadata,
} from "./kubernetes/apiObject.ts";
import { forcesConflicts } from "./kubernetes/immutableFields.ts";
import { objectDiff } from "./kubernetes/objectDiff.ts";
import { checkedObject } from "./kubernetes/objectInputs.ts";
import { NotReadyError, untilGone, untilReady } from "./kubernetes/readiness.ts";
import { flag } from "./kubernetes/settings.ts";
import { isObject } from "./values.ts";

/** Kinds whose deletion is not waited for either when they are annotated skipAwait. */
const skipsDeletionWait = [
  "Namespace",
  "Pod",
  "ReplicationController",
  "DaemonSet",
  "Deployment",
  "StatefulSet",
  "Job",
];

/**
 * Any Kubernetes object, by server-side apply, as @pulumi/kubernetes 4 does by default. Preview asks
 * no server, so what only the server knows (schema, admission) shows at `up`.
 */
export function kubernetesProvider(): Provider {
  return {
    types: ["kubernetes:*"],
    check: async (type, inputs, oldInputs, operation) =>
      checkedObject(type, inputs, oldInputs, operation),
    diff: async (type, _id, oldInputs, oldOutputs, inputs, operation) =>
      objectDiff(type, oldInputs, oldOutputs, inputs, operation?.providerInputs ?? {}),
    create: (type, inputs, operation) => apply(type, inputs, {}, operation),
    update: async (type, _id, _oldInputs, oldOutputs, inputs, operation) =>
      (await apply(type, inputs, oldOutputs, operation)).outputs,
    delete: remove,
    read,
    secretOutputs: () => [],
  };
}

async function apply(
  type: string,
  inputs: Inputs,
  oldOutputs: Outputs,
  operation: Operation,
): Promise<{ id: string; outputs: Outputs }> {
  const client = await apiClient(operation.providerInputs);
  const fieldManager = fieldManagerOf(inputs, oldOutputs, operation.urn);
  const object = withDashes(inputs) as ApiObject;
  const name = nameOf(object);
  if (name === undefined) throw new Error("the object has no name");
  const path = await client.pathOf(object, name, operation.signal);
  const namespace = /\/namespaces\/([^/]+)\/[^/]+\/[^/]+$/.exec(path)?.[1];
  const placed = withMetadata(
    object,
    namespace === undefined ? {} : { namespace: decodeURIComponent(namespace) },
  );
  if (
    isPatch(type, String(object.kind)) &&
    (await client.get(path, operation.signal)) === undefined
  ) {
    throw new Error(`${object.kind} ${name} does not exist, so there is nothing to patch`);
  }
  const applied = await send(client, path, placed, fieldManager, operation);
  const id = idOf(applied);
  try {
    const live = await untilReady(client, path, applied, operation);
    return { id, outputs: outputsOf(inputs, live, fieldManager) };
  } catch (error) {
    if (!(error instanceof NotReadyError)) throw error;
    throw new PartialResourceError(error.message, id, outputsOf(inputs, error.live, fieldManager));
  }
}

async function send(
  client: ApiClient,
  path: string,
  object: ApiObject,
  fieldManager: string,
  operation: Operation,
): Promise<ApiObject> {
  try {
    return await client.apply(path, object, {
      fieldManager,
      force: forcesConflicts(object),
      signal: operation.signal,
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const what = `${object.kind} ${nameOf(object)}`;
    if (error.status === 409) {
      throw new Error(
        `${what}: ${error.message}. To take the fields over, annotate it pulumi.com/patchForce: "true"`,
        { cause: error },
      );
    }
    if (error.status === 422 && /immutable/i.test(error.message)) {
      throw new Error(
        `${what}: ${error.message}. To replace the object, name the field in replaceOnChanges`,
        { cause: error },
      );
    }
    throw new Error(`${what}: ${error.message}`, { cause: error });
  }
}

/** "namespace/name", or the name alone of what stands outside namespaces. */
function idOf(live: ApiObject): string {
  const namespace = namespaceOf(live);
  return namespace === undefined ? String(nameOf(live)) : `${namespace}/${nameOf(live)}`;
}

/**
 * Owner of the fields. A resource has one of its own, so that two of them do not undo each other;
 * from its URN, so that a create that is repeated after a crash is the same owner.
 */
function fieldManagerOf(inputs: Inputs, oldOutputs: Outputs, urn: string): string {
  const asked = annotationOf(inputs, "patchFieldManager");
  if (asked !== undefined) return asked;
  const stored = oldOutputs[fieldManagerKey];
  if (typeof stored === "string" && stored !== "") return stored;
  return `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}

async function remove(
  type: string,
  id: string,
  inputs: Inputs,
  outputs: Outputs,
  operation: Operation,
): Promise<void> {
  const { signal, providerInputs } = operation;
  const client = await apiClient(providerInputs);
  const live = liveOf(outputs);
  const object: ApiObject = { ...kindOf(type, inputs), ...live };
  const name = nameOf(object) ?? id.split("/").at(-1) ?? id;
  try {
    const path = await client.pathOf(object, name, signal);
    if (isPatch(type, String(object.kind)))
      return await relinquish(client, path, object, outputs, signal);
    const propagation = annotationOf(inputs, "deletionPropagationPolicy") ?? "Foreground";
    const asked = await client.delete(path, capitalised(propagation), signal);
    const skips =
      annotationOf(inputs, "skipAwait") === "true" &&
      skipsDeletionWait.includes(String(object.kind));
    if (asked && !skips) await untilGone(client, path, object, signal);
  } catch (error) {
    // The kind is gone, and its objects with it.
    if (error instanceof ApiError && error.status === 404) return;
    if (error instanceof UnreachableError && flag(providerInputs, "deleteUnreachable") === true) {
      operation.log(`${error.message}; forgotten because of deleteUnreachable`);
      return;
    }
    throw error;
  }
}

/** Gives up the fields of a patch; the object stays with its other owners. */
async function relinquish(
  client: ApiClient,
  path: string,
  object: ApiObject,
  outputs: Outputs,
  signal: AbortSignal,
): Promise<void> {
  if ((await client.get(path, signal)) === undefined) return;
  const { apiVersion = "", kind = "" } = object;
  const metadata: ApiObject = { name: nameOf(object) ?? "" };
  const fieldManager = String(outputs[fieldManagerKey] ?? "");
  await client.apply(path, { apiVersion, kind, metadata }, { fieldManager, force: false, signal });
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

async function read(
  type: string,
  id: string,
  inputs: Inputs,
  outputs: Outputs,
  operation: Operation,
): Promise<Outputs | undefined> {
  const client = await apiClient(operation.providerInputs);
  const object: ApiObject = { ...kindOf(type, inputs), metadata: metadataOf(liveOf(outputs)) };
  const [name = id, namespace] = id.split("/").reverse();
  const placed = namespace === undefined ? object : withMetadata(object, { namespace });
  try {
    const live = await client.get(
      await client.pathOf(placed, name, operation.signal),
      operation.signal,
    );
    if (live === undefined) return undefined;
    const known = isObject(outputs[inputsKey]) ? outputs[inputsKey] : inputs;
    return outputsOf(known, live, fieldManagerOf(inputs, outputs, operation.urn));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
