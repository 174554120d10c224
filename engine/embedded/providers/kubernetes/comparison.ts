import { Unknown, type Value } from "../../value.ts";
import { isObject } from "../values.ts";
import { type ApiObject, metadataOf } from "./apiObject.ts";

const readOnlyMetadata = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

/** An object in the form in which equal meanings compare equal. */
export function normalised(object: ApiObject): ApiObject {
  const metadata = { ...metadataOf(object) };
  for (const key of readOnlyMetadata) delete metadata[key];
  if (metadata.namespace === undefined || metadata.namespace === "") {
    metadata.namespace = "default";
  }
  const result: ApiObject = { ...object, metadata };
  delete result.status;
  const { stringData } = object;
  if (object.kind === "Secret" && object.apiVersion === "v1" && isObject(stringData)) {
    const encoded = Object.entries(stringData).map(([key, value]): [string, Value] => [
      key,
      typeof value === "string" ? Buffer.from(value).toString("base64") : value,
    ]);
    const data = isObject(object.data) ? object.data : {};
    result.data = { ...data, ...Object.fromEntries(encoded) };
    delete result.stringData;
  }
  return result;
}

/** What the live object holds at the places that the inputs spoke of. */
export function pruned(live: Value | undefined, inputs: Value): Value | undefined {
  if (isObject(live) && isObject(inputs)) {
    const result: ApiObject = {};
    for (const [key, value] of Object.entries(inputs)) {
      const part = pruned(live[key], value);
      // The server drops what is empty; that is no change.
      if (part !== undefined) result[key] = part;
      else if (isEmpty(value)) result[key] = value;
    }
    return result;
  }
  if (Array.isArray(live) && Array.isArray(inputs) && live.length === inputs.length) {
    return inputs.map((value, index) => pruned(live[index], value) ?? value);
  }
  return live;
}

/** Paths, joined by dots, at which two values differ. */
export function differences(
  before: Value | undefined,
  after: Value | undefined,
  path = "",
): string[] {
  if (before instanceof Unknown || after instanceof Unknown) return [path];
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) =>
      differences(before[key], after[key], path === "" ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    if (before.length !== after.length) return [path];
    return before.flatMap((value, index) => differences(value, after[index], `${path}.${index}`));
  }
  return sameScalar(before, after) ? [] : [path];
}

function isEmpty(value: Value): boolean {
  return (
    value === null ||
    value === "" ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0)
  );
}

function sameScalar(before: Value | undefined, after: Value | undefined): boolean {
  if (before === after) return true;
  if ((before === undefined || before === null) && (after === undefined || isEmpty(after)))
    return true;
  if ((after === undefined || after === null) && before !== undefined && isEmpty(before))
    return true;
  const [left, right] = [quantity(before), quantity(after)];
  return left !== undefined && left === right;
}

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The amount of a quantity ("1000m", "1", "0.5Gi"), which the server rewrites in its own form. Text
 * that is only a number is one as well: "080" and "80" are told apart by their spelling.
 */
function quantity(value: Value | undefined): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return undefined;
  const parts = /^([+-]?(?:0|[1-9]\d*)(?:\.\d+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|)$/.exec(
    value,
  );
  if (parts === null) return undefined;
  const amount = Number(parts[1]) * (suffixes[parts[2] ?? ""] ?? 1);
  return Number(amount.toPrecision(12));
}
