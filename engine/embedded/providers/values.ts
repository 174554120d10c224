import { randomBytes } from "node:crypto";
import type { ProviderDiff } from "../provider.ts";
import type { Inputs, Value } from "../value.ts";
import { Archive, Asset, ResourceReference, Secret, Unknown } from "../value.ts";
import { isMap } from "../values.ts";

/** A plain map of values: none of the classes that stand for what JSON cannot say. */
export function isObject(value: Value | undefined): value is { [key: string]: Value } {
  return value !== undefined && isMap(value);
}

/** Equality of content. An unknown equals nothing; null and an absent key are the same. */
export function sameValue(left: Value | undefined, right: Value | undefined): boolean {
  if (left instanceof Secret) return sameValue(left.value, right);
  if (right instanceof Secret) return sameValue(left, right.value);
  if (left instanceof Unknown || right instanceof Unknown) return false;
  if (left === undefined || left === null) return right === undefined || right === null;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((element, index) => sameValue(element, right[index]))
    );
  }
  if (left instanceof Asset) return right instanceof Asset && sameAsset(left, right);
  if (left instanceof Archive) return right instanceof Archive && sameArchive(left, right);
  if (left instanceof ResourceReference) {
    return right instanceof ResourceReference && left.urn === right.urn && left.id === right.id;
  }
  if (isObject(left)) return isObject(right) && sameMap(left, right);
  return left === right;
}

function sameMap(left: Inputs, right: Inputs): boolean {
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => sameValue(left[key], right[key]));
}

function sameAsset(left: Asset, right: Asset): boolean {
  if (left.hash !== undefined && right.hash !== undefined) return left.hash === right.hash;
  return left.text === right.text && left.path === right.path && left.uri === right.uri;
}

function sameArchive(left: Archive, right: Archive): boolean {
  if (left.hash !== undefined && right.hash !== undefined) return left.hash === right.hash;
  return (
    left.path === right.path &&
    left.uri === right.uri &&
    sameMap(left.assets ?? {}, right.assets ?? {})
  );
}

/** Top-level keys whose values differ between two sets of inputs, sorted. */
export function changedKeys(oldInputs: Inputs, inputs: Inputs): string[] {
  const keys = new Set([...Object.keys(oldInputs), ...Object.keys(inputs)]);
  return [...keys].filter((key) => !sameValue(oldInputs[key], inputs[key])).sort();
}

/** Diff of a kind that can update everything except `replaceOnChange`; "*" replaces on any change. */
export function diffInputs(
  oldInputs: Inputs,
  inputs: Inputs,
  replaceOnChange: readonly string[] | "*",
): ProviderDiff {
  const changed = changedKeys(oldInputs, inputs);
  return {
    changedKeys: changed,
    replaceKeys:
      replaceOnChange === "*" ? changed : changed.filter((key) => replaceOnChange.includes(key)),
  };
}

/** Resource name: the last part of a URN. */
export function nameOfUrn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** Random lower-case hexadecimal digits. */
export function randomHex(digits: number): string {
  return randomBytes(Math.ceil(digits / 2))
    .toString("hex")
    .slice(0, digits);
}
