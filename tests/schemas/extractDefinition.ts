import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";

/**
 * Cuts two files out of each CustomResourceDefinition, both without comments: the schema of its kind,
 * closed to fields that it does not list, and under definitions/ the definition itself, with its
 * rules, for a real API server:
 *   node tests/schemas/extractDefinition.ts <definition.yaml>...
 */

interface Definition {
  apiVersion: string;
  kind: string;
  metadata: { name: string; annotations?: Record<string, string> };
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; storage: boolean; schema: { openAPIV3Schema: Schema } }[];
  };
}

interface Schema {
  [key: string]: unknown;
}

for (const file of process.argv.slice(2)) {
  const definition = parse(readFileSync(file, "utf8")) as Definition;
  const { apiVersion, kind, metadata, spec } = definition;
  const version = spec.versions.find(({ storage }) => storage);
  if (version === undefined) throw new Error(`${file} stores no version`);
  const target = new URL(`${spec.group}_${spec.names.kind}.json`, import.meta.url);
  const schema = strict(version.schema.openAPIV3Schema) as Schema;
  // The API server knows the rest of an object's metadata.
  (schema.properties as Schema).metadata = { type: "object" };
  writeFileSync(
    target,
    `${JSON.stringify({ kind: `${spec.group}/${version.name} ${spec.names.kind}`, schema })}\n`,
  );
  // Definitions of Kubernetes' own groups are only taken with the annotation of their approval.
  const { name, annotations } = metadata;
  const whole = { apiVersion, kind, metadata: { name, annotations }, spec };
  const place = new URL(`definitions/${spec.group}_${spec.names.kind}.json`, import.meta.url);
  writeFileSync(place, `${JSON.stringify(withoutComments(whole))}\n`);
}

/** Descriptions are texts; a field of that name is an object. */
function withoutComments(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutComments);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, inner]) => !(key === "description" && typeof inner === "string"),
  );
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutComments(inner)]));
}

function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== "object" || value === null) return value;
  const source = value as Schema;
  const result: Schema = {};
  for (const [key, inner] of Object.entries(source)) {
    if (["description", "format", "default", "example"].includes(key) || key.startsWith("x-"))
      continue;
    if (key === "properties")
      result.properties = Object.fromEntries(
        Object.entries(inner as Schema).map(([name, field]) => [name, strict(field)]),
      );
    else if (key !== "nullable") result[key] = strict(inner);
  }
  if (source["x-kubernetes-int-or-string"] === true) result.type = ["integer", "string"];
  if (source.nullable === true) result.type = [result.type, "null"].flat();
  const open =
    source["x-kubernetes-preserve-unknown-fields"] === true ||
    source["x-kubernetes-embedded-resource"] === true;
  if (source.properties !== undefined && !open && source.additionalProperties === undefined)
    result.additionalProperties = false;
  return result;
}
