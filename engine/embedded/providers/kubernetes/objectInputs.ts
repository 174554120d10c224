import type { Operation } from "../../provider.ts";
import { type Inputs, Unknown } from "../../value.ts";
import { InputError } from "../inputSpec.ts";
import { isObject, nameOfUrn, randomHex } from "../values.ts";
import {
  type ApiObject,
  annotationOf,
  isPatch,
  kindOf,
  metadataOf,
  nameOf,
  withMetadata,
} from "./apiObject.ts";
import { isNamespaced } from "./scopes.ts";
import { settingProblems } from "./settings.ts";

const autonamedAnnotation = "pulumi.com/autonamed";

/** Inputs with kind, name and namespace filled in. Errors: InputError with everything that is wrong. */
export function checkedObject(
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
