import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";

interface Extract {
  /** Definition by "group/version Kind". */
  kinds: Record<string, string>;
  definitions: Record<string, object>;
}

const file = new URL("../schemas/kubernetes-1.36.3.json", import.meta.url);
let loaded: { extract: Extract; ajv: Ajv } | undefined;
const compiled = new Map<string, ValidateFunction>();

/**
 * What the API of the pinned Kubernetes has against an object: unknown fields, missing ones, wrong
 * types. Empty when nothing. @throws Error on a kind that the extract lacks.
 */
export function apiErrors(object: { apiVersion: string; kind: string }): string[] {
  loaded ??= load();
  const kind = `${object.apiVersion} ${object.kind}`;
  const id = loaded.extract.kinds[kind];
  if (id === undefined) throw new Error(`tests/schemas has no ${kind}: add it to extract.ts`);
  const validate = compiled.get(id) ?? loaded.ajv.compile({ $ref: `api#/definitions/${id}` });
  compiled.set(id, validate);
  if (validate(object)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function load() {
  const extract = JSON.parse(readFileSync(file, "utf8")) as Extract;
  const ajv = new Ajv({ allErrors: true, strict: false, allowUnionTypes: true });
  ajv.addSchema({ $id: "api", definitions: extract.definitions });
  return { extract, ajv };
}
