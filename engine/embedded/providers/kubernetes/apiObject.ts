import type { Inputs, Value } from "../../value.ts";
import { isObject } from "../values.ts";

/** A Kubernetes object as plain JSON. */
export type ApiObject = { [key: string]: Value };

/** Keys that the provider keeps beside the object in its outputs, as the original does. */
export const inputsKey = "__inputs";
export const initialApiVersionKey = "__initialApiVersion";
export const fieldManagerKey = "__fieldManager";

const patchSuffix = "Patch";

/** apiVersion and kind of a resource, from its inputs or else from its type token. */
export function kindOf(type: string, inputs: Inputs): { apiVersion: string; kind: string } {
  const [, groupVersion = "", token = ""] = type.split(":");
  const apiVersion = inputs.apiVersion;
  const kind = inputs.kind;
  return {
    apiVersion: typeof apiVersion === "string" ? apiVersion : groupVersion.replace(/^core\//, ""),
    kind: typeof kind === "string" ? kind : token,
  };
}

/** True for resources such as DeploymentPatch, which own some fields of an object of others. */
export function isPatch(type: string, kind: string): boolean {
  return type.split(":")[2] === kind + patchSuffix && kind !== "";
}

export function metadataOf(object: ApiObject): ApiObject {
  const metadata = object.metadata;
  return isObject(metadata) ? metadata : {};
}

export function nameOf(object: ApiObject): string | undefined {
  const name = metadataOf(object).name;
  return typeof name === "string" && name !== "" ? name : undefined;
}

export function namespaceOf(object: ApiObject): string | undefined {
  const namespace = metadataOf(object).namespace;
  return typeof namespace === "string" && namespace !== "" ? namespace : undefined;
}

/** Value of one of the annotations that steer the provider, e.g. "skipAwait". */
export function annotationOf(object: ApiObject, name: string): string | undefined {
  const annotations = metadataOf(object).annotations;
  const value = isObject(annotations) ? annotations[`pulumi.com/${name}`] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** The object with some of its metadata replaced. */
export function withMetadata(object: ApiObject, changes: ApiObject): ApiObject {
  return { ...object, metadata: { ...metadataOf(object), ...changes } };
}

/** A part of an object by its path, e.g. ["status", "readyReplicas"]. */
export function at(object: Value | undefined, ...path: string[]): Value | undefined {
  let part: Value | undefined = object;
  for (const key of path) part = isObject(part) ? part[key] : undefined;
  return part;
}

/** A condition of an object's status by its type. */
export function conditionOf(
  object: ApiObject,
  type: string,
): { status: string; reason: string; message: string } | undefined {
  const conditions = at(object, "status", "conditions");
  if (!Array.isArray(conditions)) return undefined;
  const found = conditions.find((condition) => at(condition, "type") === type);
  if (found === undefined) return undefined;
  const text = (key: string) => String(at(found, key) ?? "");
  return { status: text("status"), reason: text("reason"), message: text("message") };
}

/** Outputs of a resource: the live object, and what the provider must know later. */
export function outputsOf(inputs: ApiObject, live: ApiObject, fieldManager: string): ApiObject {
  return {
    ...(withUnderscores(live) as ApiObject),
    [inputsKey]: inputs,
    [initialApiVersionKey]: live.apiVersion ?? inputs.apiVersion ?? "",
    [fieldManagerKey]: fieldManager,
  };
}

/** The live object inside outputs. */
export function liveOf(outputs: ApiObject): ApiObject {
  return Object.fromEntries(Object.entries(outputs).filter(([key]) => !key.startsWith("__")));
}

/**
 * The extensions of an OpenAPI schema (`x-kubernetes-…`, in custom resource definitions) are spelt
 * with underscores in the SDK.
 */
export function withDashes(value: Value): Value {
  return renameKeys(value, (key) =>
    key.startsWith("x_kubernetes_") ? key.replaceAll("_", "-") : key,
  );
}

function withUnderscores(value: Value): Value {
  return renameKeys(value, (key) =>
    key.startsWith("x-kubernetes-") ? key.replaceAll("-", "_") : key,
  );
}

function renameKeys(value: Value, rename: (key: string) => string): Value {
  if (Array.isArray(value)) return value.map((element) => renameKeys(element, rename));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, element]) => [rename(key), renameKeys(element, rename)]),
  );
}
