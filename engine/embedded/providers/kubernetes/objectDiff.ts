import type { ProviderDiff } from "../../provider.ts";
import type { Inputs, Outputs } from "../../value.ts";
import { annotationOf, isPatch, kindOf, liveOf, nameOf, namespaceOf } from "./apiObject.ts";
import { differences, normalised, pruned } from "./comparison.ts";
import { needsNewObject } from "./immutableFields.ts";
import { flag } from "./settings.ts";

/** What differs from the object as it was last seen, and what of it needs a new object. */
export function objectDiff(
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
