import { createHash } from "node:crypto";
import {
  type Operation,
  PartialResourceError,
  type Provider,
  type ProviderDiff,
} from "../provider.ts";
import { type Inputs, type Outputs, Unknown } from "../value.ts";
import { InputError } from "./inputSpec.ts";
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
import { differences, normalised, pruned } from "./kubernetes/comparison.ts";
import { forcesConflicts, needsNewObject } from "./kubernetes/immutableFields.ts";
import { NotReadyError, untilGone, untilReady } from "./kubernetes/readiness.ts";
import { isNamespaced } from "./kubernetes/scopes.ts";
import { isObject, nameOfUrn, randomHex } from "./values.ts";

const autonamedAnnotation = "pulumi.com/autonamed";
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
    check: async (type, inputs, oldInputs, operation) => check(type, inputs, oldInputs, operation),
    diff: async (type, _id, oldInputs, oldOutputs, inputs, operation) =>
      diff(type, oldInputs, oldOutputs, inputs, operation?.providerInputs ?? {}),
    create: (type, inputs, operation) => apply(type, inputs, {}, operation),
    update: async (type, _id, _oldInputs, oldOutputs, inputs, operation) =>
      (await apply(type, inputs, oldOutputs, operation)).outputs,
    delete: remove,
    read,
    secretOutputs: () => [],
  };
}

function check(
  type: string,
  inputs: Inputs,
  oldInputs: Inputs | undefined,
  operation: Operation,
): Inputs {
  const { apiVersion, kind } = kindOf(type, inputs);
  const problems = settingProblems(operation.providerInputs);
  const { metadata: given } = inputs;
  if (given !== undefined && !isObject(given) && !(given instanceof Unknown)) {
    problems.push("metadata must be an object");
  }
  if (kind.endsWith("List") && Array.isArray(inputs.items)) {
    problems.push("lists of objects cannot be created; make each object a resource");
  }
  if (metadataOf(inputs).generateName !== undefined) {
    problems.push(
      "metadata.generateName has no place in server-side apply; leave out the name instead",
    );
  }
  const patch = isPatch(type, kind);
  if (patch && metadataOf(inputs).name === undefined) {
    problems.push("metadata.name is required: it says which object is patched");
  }
  if (problems.length > 0) throw new InputError(type, problems);
  if (given instanceof Unknown) return { ...inputs, apiVersion, kind };
  let checked: ApiObject = { ...inputs, apiVersion, kind };
  if (metadataOf(checked).name === undefined) checked = named(checked, oldInputs, operation.urn);
  const namespace = operation.providerInputs.namespace;
  if (
    typeof namespace === "string" &&
    namespace !== "" &&
    isNamespaced(apiVersion, kind) &&
    metadataOf(checked).namespace === undefined
  ) {
    checked = withMetadata(checked, { namespace });
  }
  return checked;
}

/** Gives a name as the original does: the resource's name and 8 hex digits, kept from then on. */
function named(object: ApiObject, oldInputs: Inputs | undefined, urn: string): ApiObject {
  const annotations = metadataOf(object).annotations;
  if (annotations instanceof Unknown) return object;
  const wasAutonamed = oldInputs !== undefined && annotationOf(oldInputs, "autonamed") === "true";
  const oldName = wasAutonamed ? nameOf(oldInputs) : undefined;
  return withMetadata(object, {
    name: oldName ?? `${nameOfUrn(urn)}-${randomHex(8)}`,
    annotations: { ...(isObject(annotations) ? annotations : {}), [autonamedAnnotation]: "true" },
  });
}

function settingProblems(settings: Inputs): string[] {
  const problems: string[] = [];
  if (flag(settings, "enableServerSideApply") === false) {
    problems.push(
      "the embedded engine has server-side apply only; drop enableServerSideApply: false",
    );
  }
  if (settings.renderYamlToDirectory !== undefined) {
    problems.push("renderYamlToDirectory needs the Pulumi CLI");
  }
  return problems;
}

function flag(settings: Inputs, key: string): boolean | undefined {
  const value = settings[key];
  if (typeof value === "boolean") return value;
  return value === "true" ? true : value === "false" ? false : undefined;
}

function diff(
  type: string,
  oldInputs: Inputs,
  oldOutputs: Outputs,
  inputs: Inputs,
  settings: Inputs,
): ProviderDiff {
  const live = liveOf(oldOutputs);
  const before = normalised(oldInputs);
  const after = normalised(inputs);
  const known = nameOf(live) === undefined ? before : pruned(normalised(live), before);
  const paths = differences(known, after);
  const mutability = {
    configMaps: flag(settings, "enableConfigMapMutable") ?? false,
    secrets: flag(settings, "enableSecretMutable") ?? false,
  };
  const patch = isPatch(type, kindOf(type, inputs).kind);
  const replaced = paths.filter((path) =>
    patch
      ? /^metadata\.name(space)?$/.test(path)
      : path === "kind" || needsNewObject(after, path, mutability),
  );
  const topLevel = (list: string[]) =>
    [...new Set(list.map((path) => path.split(".")[0] ?? ""))].sort();
  const keepsName =
    nameOf(after) === nameOf(before) &&
    namespaceOf(after) === namespaceOf(before) &&
    annotationOf(after, "autonamed") !== "true";
  return {
    changedKeys: topLevel(paths),
    replaceKeys: topLevel(replaced),
    deleteBeforeReplace: replaced.length > 0 && keepsName,
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
