import type { Inputs, Value } from "../value.ts";
import { Archive, Asset, Unknown } from "../value.ts";
import { isObject } from "./values.ts";

/** What one input may hold. */
export type InputSpec = {
  required?: boolean;
  /** Filled in when the input is absent. */
  default?: Value;
  /** Never quoted in an error. */
  secret?: boolean;
} & (
  | { kind: "string"; oneOf?: readonly string[] }
  | { kind: "integer"; min?: number }
  | { kind: "boolean" | "asset" | "list" | "any" }
  | { kind: "strings"; oneOf?: readonly string[] }
  | { kind: "stringMap" }
  | { kind: "object"; fields: InputSpecs }
);

export type InputSpecs = Readonly<Record<string, InputSpec>>;

/** Everything wrong with the inputs of one resource, in one message. */
export class InputError extends Error {
  readonly problems: readonly string[];

  constructor(type: string, problems: readonly string[]) {
    super(
      `${type}: ${problems.length === 1 ? "" : `${problems.length} problems: `}${problems.join("; ")}`,
    );
    this.name = "InputError";
    this.problems = problems;
  }
}

/**
 * Inputs with defaults filled in and nulls dropped. Unknown values pass.
 * @throws InputError that names every input that is missing, of the wrong kind, or not known.
 */
export function checkInputs(
  type: string,
  inputs: Inputs,
  specs: InputSpecs,
  furtherProblems: readonly string[] = [],
): Inputs {
  const problems: string[] = [];
  const checked = checkFields(inputs, specs, "", problems);
  problems.push(...furtherProblems);
  if (problems.length > 0) throw new InputError(type, problems);
  return checked;
}

function checkFields(inputs: Inputs, specs: InputSpecs, at: string, problems: string[]): Inputs {
  const checked: Inputs = {};
  for (const [key, value] of Object.entries(inputs)) {
    if (specs[key] === undefined) {
      problems.push(
        `${at}${key} is not an input; known are ${Object.keys(specs).sort().join(", ")}`,
      );
    } else if (value !== null) {
      checked[key] = checkValue(value, specs[key], `${at}${key}`, problems);
    }
  }
  for (const [key, spec] of Object.entries(specs)) {
    if (checked[key] !== undefined) continue;
    if (spec.default !== undefined) checked[key] = spec.default;
    else if (spec.required) problems.push(`${at}${key} is required`);
  }
  return checked;
}

function checkValue(value: Value, spec: InputSpec, path: string, problems: string[]): Value {
  if (value instanceof Unknown) return value;
  if (spec.kind === "object" && isObject(value)) {
    return checkFields(value, spec.fields, `${path}.`, problems);
  }
  const wrong = problemOf(value, spec);
  if (wrong !== undefined) problems.push(`${path}${shown(value, spec)} ${wrong}`);
  return value;
}

function shown(value: Value, spec: InputSpec): string {
  const plain =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return spec.secret || !plain ? "" : ` (${JSON.stringify(value)})`;
}

function problemOf(value: Value, spec: InputSpec): string | undefined {
  switch (spec.kind) {
    case "string":
      return stringProblem(value, spec.oneOf);
    case "integer":
      if (typeof value !== "number" || !Number.isInteger(value)) return "must be a whole number";
      return spec.min !== undefined && value < spec.min
        ? `must be at least ${spec.min}`
        : undefined;
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "asset":
      return value instanceof Asset || value instanceof Archive
        ? undefined
        : "must be an asset or an archive";
    case "list":
      return Array.isArray(value) ? undefined : "must be a list";
    case "strings":
      if (!Array.isArray(value)) return "must be a list of strings";
      return value.map((element) => stringProblem(element, spec.oneOf)).find((problem) => problem);
    case "stringMap":
      return isObject(value) && Object.values(value).every((element) => isString(element))
        ? undefined
        : "must be a map of strings";
    case "object":
      return "must be an object";
    case "any":
      return undefined;
  }
}

function stringProblem(value: Value, oneOf: readonly string[] | undefined): string | undefined {
  if (value instanceof Unknown) return undefined;
  if (typeof value !== "string") return "must be a string";
  if (oneOf === undefined || oneOf.includes(value)) return undefined;
  return `must be one of ${oneOf.join(", ")}`;
}

function isString(value: Value): boolean {
  return typeof value === "string" || value instanceof Unknown;
}
